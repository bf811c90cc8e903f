// What main.tsx hands to every component.
import { createContext, useContext } from 'react';
import { useStore } from 'zustand';
import type { MapKeeper } from '../layout/map-keeper.ts';
import type { FrameLoop } from '../render/frame-loop.ts';
import type { Scene } from '../render/scene-api.ts';
import type { Actions } from '../store/actions.ts';
import type { AddressSync } from '../store/address-sync.ts';
import type { Recordings } from '../store/recordings.ts';
import type { TrafficView } from '../store/shown.ts';
import type { PageState, Store } from '../store/store.ts';
import type { TimeControl } from '../store/time.ts';

export interface Page {
  readonly store: Store;
  readonly actions: Actions;
  /** Of the moment that is shown. */
  readonly traffic: TrafficView;
  readonly time: TimeControl;
  readonly recordings: Recordings;
  readonly scene: Scene;
  readonly frames: FrameLoop;
  readonly mapKeeper: Pick<MapKeeper, 'unpin' | 'foldIdle' | 'fold' | 'unfold' | 'unfoldAll'>;
  readonly address: Pick<AddressSync, 'linkTo'>;
  /** Tries to reach the agent now. */
  retry(): void;
}

export const PageContext = createContext<Page | null>(null);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === null) throw new Error('outside the page');
  return page;
}

export function usePageState<Value>(select: (state: PageState) => Value): Value {
  return useStore(usePage().store, select);
}
