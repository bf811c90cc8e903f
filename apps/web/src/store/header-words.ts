// What a hop changed in the headers, in the words that people use for it.
import { type HeaderChange, headerLabel } from '@hopscope/model';

export interface ChangeWords {
  readonly key: string;
  /** `TTL`, `source NATed`, `VLAN pushed` */
  readonly label: string;
  /** The same at full length. */
  readonly full: string;
  /** Empty where there was none. */
  readonly before: string;
  readonly after: string;
}

export function changeWords(change: HeaderChange, family: 4 | 6): ChangeWords {
  const { field, before, after, what } = change;
  const name = headerLabel(field, family);
  // The kind of tunnel is in the label.
  const value = (text: string): string => (field === 'tunnel' ? text.replace(/^\S+ /, '') : text);
  const cameOrWent = before === '' ? 'added' : after === '' ? 'removed' : '';
  return { key: field, ...labelOf(), before: value(before), after: value(after) };

  function labelOf(): Pick<ChangeWords, 'label' | 'full'> {
    switch (field) {
      case 'ip.ttl':
        return { label: name, full: what };
      // Two MAC addresses leave no room for more.
      case 'mac.src':
      case 'mac.dst':
        return { label: field === 'mac.src' ? 'src MAC' : 'dst MAC', full: what };
      case 'vlan':
        return same(`VLAN ${before === '' ? 'pushed' : after === '' ? 'popped' : 'changed'}`);
      case 'tunnel':
        return same(`${(after || before).split(' ')[0]?.toUpperCase()} ${cameOrWent || 'changed'}`);
      case 'fragment':
        return same(before === '' ? 'fragmented' : after === '' ? 'put together' : 'fragment');
      default:
        return same(`${name} NATed`);
    }
  }
}

const same = (label: string): Pick<ChangeWords, 'label' | 'full'> => ({ label, full: label });
