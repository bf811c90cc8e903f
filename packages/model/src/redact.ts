// Frames with stand-ins for everything that names this machine or its neighbours: addresses, MAC addresses, names of hosts, containers,
// images, projects, processes and interfaces, also inside of rules and notices. What is made of redacted frames (a page, a picture, an
// export) cannot give away what is not in them.
//
// The same original gets the same stand-in as long as the redactor lives; addresses also from another redactor with the same key.
import {
  BATCH_HEADER_BYTES,
  type Evidence,
  FIB_OFFSET,
  type Hello,
  IFNAME_BYTES,
  type Link,
  type Namespace,
  OFFSET,
  RECORD_BYTES,
  type ServerFrame,
  STAGE,
  type Topology,
} from '@hopscope/protocol';
import { ipv4Text, ipv6Text, macText } from './address-text.ts';
import { readAddress } from './filter/address-value.ts';
import { createAddressStandIns } from './redact/address-stand-ins.ts';
import { redactHeaders } from './redact/headers.ts';
import { createNameStandIns, replaceAddresses } from './redact/names.ts';

export interface RedactorOptions {
  /** `numbered` as they come: `container-1`. `keyed`: the same for every redactor with the same key: `container-3f9a2c71`. */
  readonly names: 'numbered' | 'keyed';
}

export interface Redactor {
  control(frame: ServerFrame): ServerFrame;
  /** Takes note of the names in a hop batch, for texts that come before it. */
  learn(bytes: Uint8Array): void;
  /** A whole hop batch. @returns another one of the same size */
  batch(bytes: Uint8Array): Uint8Array;
}

const ARPHRD_ETHER = 1;
const ARPHRD_LOOPBACK = 772;
const MAC_HEADER_BYTES = 14;

const KINDS_OF_LINK: Readonly<Record<string, string>> = {
  veth: 'veth',
  bridge: 'br',
  vxlan: 'vxlan',
  vlan: 'vlan',
  physical: 'eth',
  tun: 'tun',
};
const KINDS_OF_NAME: Readonly<Record<string, string>> = {
  docker: 'container',
  podman: 'container',
  containerd: 'container',
  crio: 'container',
  lab: 'namespace',
  netns: 'namespace',
  process: 'process',
  own: 'host',
};
/** What a fact's value is a name of. The others are numbers, words of the kernel, or texts that name something in passing. */
const KINDS_OF_FACT: Readonly<Record<string, string>> = {
  'netfilter.table': 'table',
  'netfilter.chain': 'chain',
  'xdp.program': 'program',
};

/** @param key secret; at least 16 random bytes */
export function createRedactor(key: Uint8Array, options: RedactorOptions = { names: 'numbered' }): Redactor {
  const addresses = createAddressStandIns(key);
  const names = createNameStandIns(options.names === 'keyed' ? key : null);
  const utf8 = new TextDecoder();
  const encoder = new TextEncoder();

  function ip(text: string): string {
    const bytes = addressBytes(text);
    if (bytes === null) return text;
    const standIn = addresses.ip(bytes);
    return standIn.length === 4 ? ipv4Text(standIn, 0) : ipv6Text(standIn, 0);
  }
  function mac(text: string): string {
    const bytes = text.split(':').map((part) => Number.parseInt(part, 16));
    return bytes.length === 6 && bytes.every((byte) => byte >= 0)
      ? macText(addresses.mac(Uint8Array.from(bytes)), 0)
      : '';
  }
  /** Comments and log prefixes of rules are anybody's words. */
  const text = (line: string) => {
    const plain = line.replace(/"([^"]*)"/g, (quoted, inner) => (names.isKnown(inner) ? quoted : '"…"'));
    return replaceAddresses(names.inText(plain), ip, mac);
  };
  const ifname = (name: string, kind = 'if') => names.name(kind, name);

  function link(one: Link): Link {
    return {
      ...one,
      name: ifname(one.name, KINDS_OF_LINK[one.kind] ?? 'if'),
      mac: mac(one.mac),
      addresses: one.addresses.map((address) => ({ ...address, address: ip(address.address) })),
      vxlanRemote: ip(one.vxlanRemote),
    };
  }
  function namespace(one: Namespace): Namespace {
    return {
      ...one,
      names: one.names.map(({ text, source, image, project }) => ({
        text: source === 'inum' ? text : names.name(KINDS_OF_NAME[source] ?? 'namespace', text),
        source,
        image: names.name('image', image),
        project: names.name('project', project),
      })),
      links: one.links.map(link),
      defaultRoutes: one.defaultRoutes.map((route) => ({ ...route, gateway: ip(route.gateway) })),
    };
  }
  const topology = ({ namespaces }: Topology): Topology => ({ namespaces: namespaces.map(namespace) });
  const hello = (frame: Hello): Hello => ({
    ...frame,
    host: { ...frame.host, name: names.name('host', frame.host.name), bootId: '' },
    // Free text may name anything.
    ...(frame.recording === undefined
      ? {}
      : { recording: { ...frame.recording, filter: '', notes: '', redacted: true } }),
  });

  function facts(evidence: Evidence): Evidence {
    const redacted = Object.entries(evidence).map(([fact, value]) => {
      if (typeof value !== 'string') return [fact, value];
      const kind = KINDS_OF_FACT[fact];
      return [fact, kind === undefined ? text(value) : names.name(kind, value)];
    });
    return Object.fromEntries(redacted);
  }

  /** @returns the stand-in of its interface's name */
  function nameIn(bytes: Uint8Array): string {
    const nameBytes = bytes.subarray(OFFSET.ifname, OFFSET.ifname + IFNAME_BYTES);
    const end = nameBytes.indexOf(0);
    return ifname(utf8.decode(nameBytes.subarray(0, end < 0 ? IFNAME_BYTES : end)));
  }

  function record(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, RECORD_BYTES);
    const name = nameIn(bytes);
    const nameBytes = bytes.subarray(OFFSET.ifname, OFFSET.ifname + IFNAME_BYTES);
    nameBytes.fill(0);
    encoder.encodeInto(name, nameBytes);

    const headers = bytes.subarray(OFFSET.headers, RECORD_BYTES);
    const length = Math.min(view.getUint16(OFFSET.header_len, true), headers.length);
    if (view.getUint8(OFFSET.stage) === STAGE.fib_table_lookup) {
      fibLookup(headers);
      return;
    }
    const l3 = view.getUint16(OFFSET.l3_offset, true);
    const linkType = view.getUint16(OFFSET.link_type, true);
    const hasMac = (linkType === ARPHRD_ETHER || linkType === ARPHRD_LOOPBACK) && l3 >= MAC_HEADER_BYTES;
    const redacted = redactHeaders(headers.subarray(0, length), l3, hasMac, addresses);
    headers.fill(0);
    headers.set(redacted);
  }

  function fibLookup(headers: Uint8Array): void {
    const isIpv4 = headers[FIB_OFFSET.family] === 4;
    for (const at of [FIB_OFFSET.src, FIB_OFFSET.dst, FIB_OFFSET.gateway]) {
      const address = headers.subarray(at, at + (isIpv4 ? 4 : 16));
      address.set(addresses.ip(address));
    }
  }

  return {
    control(frame) {
      switch (frame.type) {
        case 'hello':
          return hello(frame);
        case 'topology':
          return { ...frame, topology: topology(frame.topology) };
        case 'topology-patch': {
          const changes = frame.changes.map((change) =>
            change.op === 'put' ? { ...change, namespace: namespace(change.namespace) } : change,
          );
          return { ...frame, changes };
        }
        case 'evidence':
          return { ...frame, facts: facts(frame.facts) };
        case 'notice':
          return { ...frame, text: text(frame.text) };
        default:
          return frame; // names of kernel functions, counts
      }
    },
    learn: (bytes) => {
      for (const one of recordsOf(bytes)) nameIn(one);
    },
    batch(bytes) {
      const copy = new Uint8Array(bytes);
      for (const one of recordsOf(copy)) {
        record(one.subarray(0, RECORD_BYTES));
        // Fields that a newer agent appended are not known to give nothing away.
        one.fill(0, RECORD_BYTES);
      }
      return copy;
    },
  };
}

/** The records of a hop batch, as views of its bytes. */
function* recordsOf(batch: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  const headerBytes = Math.max(view.getUint16(4, true), BATCH_HEADER_BYTES);
  const recordBytes = view.getUint16(6, true);
  if (recordBytes < RECORD_BYTES) return;
  for (let at = headerBytes; at + recordBytes <= batch.length; at += recordBytes) {
    yield batch.subarray(at, at + recordBytes);
  }
}

function addressBytes(text: string): Uint8Array | null {
  const address = readAddress(text);
  if (address === null) return null;
  const length = address.family === 4 ? 4 : 16;
  const bytes = new Uint8Array(length);
  for (let i = length - 1, { bits } = address; i >= 0; i--, bits >>= 8n) bytes[i] = Number(bits & 0xffn);
  return bytes;
}
