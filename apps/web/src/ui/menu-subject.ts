// From an element to what it stands for. Elements say so by data attributes, so that React's and the map's can be told alike:
//
//   data-field, data-value      a value that a filter knows
//   data-exchange               the exchange with this id; with data-hop one of its hops, as the detail counts them
//   data-device, data-netns     the map's
import { subjectNames } from '@hopscope/model';
import { exchangeSubject, hopSubject, type Subject, type Surroundings, valueSubject } from '../store/copies.ts';
import type { Page } from './page.ts';

export function subjectAt(element: Element, page: Page): Subject | null {
  if (!(element instanceof HTMLElement || element instanceof SVGElement)) return null;
  const { field, value, exchange, hop, device, netns } = element.dataset;
  if (field !== undefined && value !== undefined) return valueSubject(field, value);
  if (exchange !== undefined) return ofExchange(Number(exchange), hop, page);
  if (device !== undefined) return ofDevice(device, page);
  return netns === undefined ? null : ofNamespace(netns, page);
}

function surroundingsOf({ store, traffic }: Page): Surroundings {
  return { state: store.getState(), factsAbout: traffic.evidence.factsAbout, wallMs: traffic.wallMs };
}

function ofExchange(id: number, hop: string | undefined, page: Page): Subject | null {
  const { selected } = page.store.getState();
  const exchange = selected?.id === id ? selected : page.traffic.exchange(id);
  if (exchange === undefined) return null;
  const around = surroundingsOf(page);
  return hop === undefined ? exchangeSubject(exchange, around) : hopSubject(exchange, Number(hop), around);
}

function ofDevice(device: string, { store }: Page): Subject | null {
  const [netns, ifindex] = device.split('/');
  const namespace = store.getState().topology.namespaces.find(({ id }) => id === netns);
  const link = namespace?.links.find((each) => each.ifindex === Number(ifindex));
  const name = namespace?.names[0]?.text;
  return link === undefined || name === undefined ? null : valueSubject('hop.device', `${name}/${link.name}`);
}

function ofNamespace(netns: string, { store }: Page): Subject | null {
  const { topology } = store.getState();
  const namespace = topology.namespaces.find(({ id }) => id === netns);
  if (namespace === undefined) return null;
  const container = subjectNames(topology).containerOf(namespace.id);
  return container === null
    ? valueSubject('netns', namespace.names[0]?.text ?? String(namespace.inum))
    : valueSubject('container', container);
}
