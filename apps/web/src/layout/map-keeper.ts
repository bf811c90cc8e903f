// Where the map stands and what of it is folded: from the state of the page to what is drawn, with what is remembered in between.
import type { Exchange } from '@hopscope/model';
import type { NetnsId } from '@hopscope/protocol';
import { buildGraph } from '../graph/build.ts';
import { foldGraph, idleNamespaces, withWay } from '../graph/folding.ts';
import type { Graph, NamespaceNode } from '../graph/graph.ts';
import type { Point } from '../lib/geometry.ts';
import type { DeviceRates } from '../store/device-rates.ts';
import { keepFolds, readFolds } from '../store/folds.ts';
import { createPlaces } from '../store/places.ts';
import { comparedOf, type PageState, type Store } from '../store/store.ts';
import { type Layout, layOut, layOutTidily, pinName } from './layout.ts';
import { createMapMemory, type MapMemory } from './map-memory.ts';
import type { Memory } from './placement.ts';

export interface MapKeeper {
  /** The state changed. */
  follow(state: PageState, before: PageState): void;
  /** Another capture, or another recording: places of before are of no use. */
  forget(which: 'live' | 'recording'): void;
  pin(node: NamespaceNode, corner: Point): void;
  unpin(): void;
  /** Folds all that no packet used lately. @returns how many */
  foldIdle(): number;
  fold(id: NetnsId): void;
  unfold(ids: readonly NetnsId[]): void;
  unfoldAll(): void;
  /** It is about to be shown: what is folded of its way unfolds with the next frame. */
  wakeFor(exchange: Exchange): void;
  /** Call once a frame. */
  wake(): void;
}

export interface MapKeeperOptions {
  readonly store: Store;
  readonly storage: Storage;
  readonly devices: Pick<DeviceRates, 'of'>;
  /** Whether what is shown is what comes now. */
  isNow(): boolean;
  aspect(): number | null;
  /** @param isSmaller much of it is folded now: it can be shown larger */
  show(whole: Graph, graph: Graph, layout: Layout, isSmaller: boolean): void;
  nowMs(): number;
}

export function createMapKeeper(options: MapKeeperOptions): MapKeeper {
  const { store, storage, devices, show } = options;
  const places = createPlaces(storage);
  /** Where everything has its place: on the map of what comes, and on that of a recording. */
  const memories = { live: createMapMemory(), recording: createMapMemory() };
  /** From before places were given anew for what is left. */
  let spacious: Memory | null = null;
  let whole: Graph | null = null;
  let host: string | null = null;
  const waking = new Set<NetnsId>();

  const set = (folded: ReadonlySet<NetnsId>): void => store.setState({ folded: [...folded] });

  function wholeGraph(): Graph {
    whole ??= buildGraph(store.getState().topology);
    return whole;
  }

  const memory = (): MapMemory => memories[store.getState().recording === null ? 'live' : 'recording'];

  function draw(isTidied = false): void {
    const { topologyVersion, hello, folded: ids, recording } = store.getState();
    places.open(hello?.host.name ?? '');
    const { graph, folded } = foldGraph(wholeGraph(), new Set(ids));
    const before = memory().before(topologyVersion, options.isNow());
    const aspect = options.aspect() ?? undefined;
    let layout: Layout | null;
    if (isTidied) {
      const tidy = layOutTidily(graph, before, aspect, places.all, folded);
      if (tidy?.isPacked === true) spacious ??= before;
      layout = tidy?.layout ?? null;
    } else layout = layOut(graph, before, aspect, places.all, folded);
    if (layout !== null) show(wholeGraph(), graph, layout, isTidied);
    if (options.isNow() || recording !== null) memory().keep(topologyVersion, layout?.memory ?? null);
  }

  /** On the first sight of a machine, what was folded when it was looked at last. */
  function restoreFolds({ hello, topology, isRedacted, folded }: PageState): void {
    const name = hello?.host.name ?? '';
    if (name === host || topology.namespaces.length === 0) return;
    host = name;
    if (folded.length === 0 && !isRedacted) set(new Set(readFolds(storage, name, topology)));
  }

  /** What is looked at stays. */
  function lookedAt(): Set<NetnsId> {
    const state = store.getState();
    const exchanges = [state.selected, comparedOf(state)].filter((exchange) => exchange !== null);
    return new Set(exchanges.flatMap(netnsOf));
  }

  function unfold(ids: readonly NetnsId[]): void {
    const woken = withWay(wholeGraph(), new Set(ids));
    const { folded } = store.getState();
    if (folded.some((id) => woken.has(id))) set(new Set(folded.filter((id) => !woken.has(id))));
  }

  function wakeFor(exchange: Exchange): void {
    const { folded } = store.getState();
    if (folded.length === 0) return;
    for (const id of netnsOf(exchange)) if (folded.includes(id)) waking.add(id);
  }

  return {
    follow(state, before) {
      if (state.recording?.play !== before.recording?.play) {
        // Its folds are its own.
        host = null;
        spacious = null;
      }
      if (state.topology !== before.topology) {
        whole = null;
        restoreFolds(state);
        // Restoring has drawn already.
        if (store.getState().folded === state.folded) draw();
      } else if (state.folded !== before.folded) {
        const isMany = Math.abs(state.folded.length - before.folded.length) > 1;
        if (state.folded.length === 0 && spacious !== null) {
          memory().keep(state.topologyVersion, spacious);
          spacious = null;
          draw();
        } else draw(isMany && state.folded.length > before.folded.length);
        if (host !== null && !state.isRedacted) keepFolds(storage, host, state.topology, state.folded);
      }
      for (const exchange of [state.selected, comparedOf(state)]) if (exchange !== null) wakeFor(exchange);
    },
    forget(which) {
      memories[which].clear();
      spacious = null;
    },
    pin(node, corner) {
      places.put(pinName(node), corner);
      draw();
    },
    unpin() {
      places.clear();
      draw();
    },
    foldIdle() {
      const { folded } = store.getState();
      const idle = idleNamespaces(wholeGraph(), (device) => devices.of(device)?.lastMs, options.nowMs(), lookedAt());
      const all = new Set([...folded, ...idle]);
      if (all.size > folded.length) set(all);
      return all.size - folded.length;
    },
    fold(id) {
      // With it what hangs on it, and what is wired to nothing else.
      const others = wholeGraph().namespaces.filter((node) => node.id !== id);
      const kept = new Set(
        others.filter((node) => !withWay(wholeGraph(), new Set([node.id])).has(id)).map((node) => node.id),
      );
      const away = wholeGraph().namespaces.filter((node) => !kept.has(node.id) && !node.namespace.host);
      set(new Set([...store.getState().folded, ...away.map((node) => node.id)]));
    },
    unfold,
    unfoldAll: () => set(new Set()),
    wakeFor,
    wake() {
      if (waking.size === 0) return;
      const ids = [...waking];
      waking.clear();
      unfold(ids);
    },
  };
}

function netnsOf({ request, reply, errors, drop }: Exchange): NetnsId[] {
  const crossings = [request, reply, ...errors].flatMap((journey) => journey?.crossings ?? []);
  const ids = crossings.map((crossing) => crossing.netns);
  return drop === null || drop.netns === null ? ids : [...ids, drop.netns];
}
