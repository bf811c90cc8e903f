import type { Ports } from '@hopscope/model';
import { endText } from '../store/exchange-words.ts';
import { Value } from './value.tsx';

/** `172.17.0.2:40112 → 172.17.0.3:80`: each address and port is a value with a menu. */
export function Ends({ of }: { of: { readonly src: string; readonly dst: string; readonly ports: Ports | null } }) {
  return (
    <>
      <End side="src" address={of.src} port={of.ports?.src} /> →{' '}
      <End side="dst" address={of.dst} port={of.ports?.dst} />
    </>
  );
}

function End({ side, address, port }: { side: 'src' | 'dst'; address: string; port: number | undefined }) {
  if (port === undefined) return <Value field={`ip.${side}`} value={address} />;
  const text = endText(address, port);
  const number = String(port);
  return (
    <>
      <Value field={`ip.${side}`} value={address}>
        {text.slice(0, -number.length - 1)}
      </Value>
      :
      <Value field={`port.${side}`} value={number} />
    </>
  );
}
