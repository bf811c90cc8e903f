// What the page asks of the map.
import type { Exchange } from '@hopscope/model';
import type { NetnsId } from '@hopscope/protocol';
import type { FocusTarget, FocusWords } from '../graph/describe-focus.ts';
import type { Graph, NamespaceNode } from '../graph/graph.ts';
import type { Lesson } from '../graph/lesson.ts';
import type { Hit } from '../graph/search.ts';
import type { Placement } from '../layout/placement.ts';
import type { Point } from '../lib/geometry.ts';
import type { DeviceRates } from '../store/device-rates.ts';
import type { DropWords } from '../store/words.ts';
import type { DepictedPart, Depiction } from './depiction.ts';
import type { FrameLoop } from './frame-loop.ts';
import type { MapFocus } from './map-focus.ts';
import type { HostLine } from './paint-boxes.ts';

export interface SceneOptions {
  readonly frames: FrameLoop;
  /** Why an exchange's packet was dropped, for the box on the map. */
  dropWords(exchange: Exchange): DropWords;
  onPick(exchange: Exchange): void;
  /** A person moved a namespace's box. */
  onPlace(node: NamespaceNode, corner: Point): void;
  /** A person goes to what is folded. */
  onWake(ids: readonly NetnsId[]): void;
  /** What each device carries. */
  readonly devices: Pick<DeviceRates, 'of' | 'all'>;
  sampledOneIn(): number;
  prefersReducedMotion(): boolean;
}

/** In graph space. */
export interface ScenePlace extends Point {
  readonly scale: number;
}

export interface Scene {
  mount(element: HTMLElement): () => void;
  /** @param whole with what is folded */
  setMap(whole: Graph, graph: Graph, placement: Placement, hostLine: HostLine): void;
  /** A new exchange, or more about one. Ignored while paused. */
  showExchange(exchange: Exchange): void;
  /** It is not to be seen any more, unless it is selected. */
  hideExchange(id: number): void;
  /** Hides what does not pass, marks of drops included, but for the exchange that is selected. */
  retain(passes: (id: number) => boolean): void;
  /** Lights its path; null lights none. */
  select(exchange: Exchange | null): void;
  /** Lights the path of another one beside the selected one's; null: none. */
  compare(exchange: Exchange | null): void;
  /** Type on the map for who sits far away. */
  setTeaching(isTeaching: boolean): void;
  /** About the place where the selected exchange's packet is just now, or one in flight; null when it is nowhere. */
  lesson(titleOf: (netns: NetnsId) => string): Lesson | null;
  replay(exchange: Exchange, isLooping: boolean): void;
  endLoops(): void;
  /** Holds its packet at one of its `stepsOf`; null lets it go. */
  setStep(exchange: Exchange | null, step: number | null): void;
  /** Everything that moved is gone; these are where they were so long after their beginning, in page time. */
  showMoment(sights: readonly { readonly exchange: Exchange; readonly ageMs: number }[]): void;
  setPaused(isPaused: boolean): void;
  setStretch(stretch: number): void;
  /** Colours changed. */
  refreshPalette(): void;
  /** Call a few times a second: old marks go, wires get the thickness of what they carry. */
  tick(nowMs: number): void;
  /** What is pointed at, or kept. */
  readonly focus: Pick<MapFocus, 'current' | 'set' | 'subscribe'>;
  search(query: string): Hit[];
  /** Brings it to the middle of the screen, large enough to be read, and keeps it bright. */
  goTo(target: FocusTarget): void;
  /** Of what is on the map now; null before the first. */
  describe(target: FocusTarget): FocusWords | null;
  clearTraffic(): void;
  fit(): void;
  /** Magnification and the point in the middle; null while all of the map is shown, whatever that is. */
  readonly place: ScenePlace | null;
  /** Null: shows everything. Also before there is a map. */
  showPlace(place: ScenePlace | null): void;
  zoomBy(factor: number): void;
  panBy(logicalX: number, logicalY: number): void;
  /** Width / height of the map's element; null before it is on the page. */
  readonly aspect: number | null;
  /** Hands out what a picture is made from; null before there is a map. */
  depict<Picture>(part: DepictedPart, draw: (depiction: Depiction) => Picture): Picture | null;
  /** Dots drawn, packets they stand for, and the most that one stands for. */
  readonly inFlight: { readonly dots: number; readonly packets: number; readonly largest: number };
}
