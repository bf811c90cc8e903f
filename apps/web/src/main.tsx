// Puts the rooms together. wire → store → graph → layout → render, and ui around them.

import { createRedactor, type Exchange, subjectNames } from '@hopscope/model';
import type { Hello, ServerFrame } from '@hopscope/protocol';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createMapKeeper } from './layout/map-keeper.ts';
import { createFrameLoop } from './render/frame-loop.ts';
import { createScene } from './render/scene.ts';
import { createActions } from './store/actions.ts';
import { PLAIN_ADDRESS, writeAddress } from './store/address.ts';
import { createAddressSync } from './store/address-sync.ts';
import { createFiltering } from './store/filtering.ts';
import { createRecorder } from './store/history.ts';
import { createRecordings } from './store/recordings.ts';
import { readSettings, rememberSettings } from './store/settings.ts';
import { createShown } from './store/shown.ts';
import { comparedOf, createPageStore, type PageState } from './store/store.ts';
import { createTime } from './store/time.ts';
import { dropSentence, dropWords } from './store/words.ts';
import { createWorld } from './store/world.ts';
import { App } from './ui/app.tsx';
import { readCommits } from './ui/commits.ts';
import { PageContext } from './ui/page.ts';
import { applyTheme, onSystemTheme } from './ui/theme.ts';
import { createGate } from './wire/gate.ts';
import { createIntake } from './wire/intake.ts';
import { isIncident, readOwnIncident } from './wire/recording/own-incident.ts';
import { connectSocket, NO_SOCKET } from './wire/socket.ts';
import { splitBatch } from './wire/split-batch.ts';
import './ui/styles/index.css';

const SETTINGS = ['theme', 'isRedacted', 'isTeaching'] as const;
/** Counters and list: four times a second, however many packets there are. */
const REFRESH_MS = 250;

const motionQuery = matchMedia('(prefers-reduced-motion: reduce)');
const store = createPageStore(readSettings());
const frames = createFrameLoop();
const scene = createScene({
  frames,
  dropWords(exchange) {
    const { names, topology } = store.getState();
    const facts = shown.evidence.factsAbout(exchange);
    return dropWords(exchange, names, dropSentence(exchange, topology, facts));
  },
  onPick: (exchange) => actions.select(exchange),
  devices: { of: (device) => shown.devices.of(device), all: () => shown.devices.all() },
  onPlace: (node, corner) => mapKeeper.pin(node, corner),
  onWake: (ids) => mapKeeper.unfold(ids),
  sampledOneIn: () => store.getState().ledger.sampledOneIn,
  prefersReducedMotion: () => motionQuery.matches,
});
/** What came before goes through again: nothing of it flies a second time. */
let isFedAgain = false;
const filtering = createFiltering(subjectNames(store.getState().topology));
function showExchange(exchange: Exchange): void {
  if (isFedAgain) return;
  if (!filtering.passes(exchange)) scene.hideExchange(exchange.id);
  // Nobody sees them, and they would all be in flight at once when somebody looks again.
  else if (!document.hidden) {
    mapKeeper.wakeFor(exchange);
    scene.showExchange(exchange);
  }
}
/** What comes, and what is shown of it or of what came before. */
const live = createWorld((exchange) => {
  if (shown.world === live) showExchange(exchange);
});
const shown = createShown(live);
const redactor = createRedactor(crypto.getRandomValues(new Uint8Array(32)));
const recorder = createRecorder(redactor, () => store.getState().isRedacted);
const actions = createActions(store, shown, live, filtering);
const time = createTime({
  store,
  actions,
  live,
  shown,
  history: () => recorder.history,
  onMoment(sights) {
    const seen = sights.filter(({ exchange }) => filtering.passes(exchange));
    for (const { exchange } of seen) mapKeeper.wakeFor(exchange);
    scene.showMoment(seen);
  },
  onExchange: showExchange,
  nowMs: () => performance.now(),
  requestFrame: frames.request,
});
const address = createAddressSync({
  store,
  actions,
  traffic: shown,
  time,
  view: { read: () => scene.place, show: scene.showPlace },
});
const recordings = createRecordings({
  store,
  actions,
  time,
  traffic: shown,
  redactor,
  onLoaded: frames.request,
  onOpened() {
    mapKeeper.forget('recording');
    scene.clearTraffic();
    scene.focus.set(null);
  },
});
frames.onAdvance(({ stepMs }) => time.advance(stepMs));

function passesFilter(id: number): boolean {
  const exchange = shown.exchange(id);
  return exchange !== undefined && filtering.passes(exchange);
}

const mapKeeper = createMapKeeper({
  store,
  storage: localStorage,
  devices: { of: (device) => shown.devices.of(device) },
  isNow: () => shown.world === live,
  aspect: () => scene.aspect,
  show(whole, graph, { placement }, isSmaller) {
    const { hello } = store.getState();
    const hostLine = { name: hello?.host.name ?? '', kernel: hello?.host.kernel ?? '' };
    scene.setMap(whole, graph, placement, hostLine);
    if (isSmaller && scene.place === null) scene.fit();
  },
  nowMs: () => performance.now(),
});
frames.onAdvance(() => {
  mapKeeper.wake();
  return false;
});

/** Both start at once, so that the eye sees which is ahead. */
function showCompared(state: PageState, before: PageState): void {
  const compared = comparedOf(state);
  scene.compare(compared);
  if (compared === null || state.selected === null || compared.id === comparedOf(before)?.id) return;
  scene.replay(state.selected, state.isLooping);
  scene.replay(compared, state.isLooping);
}

function showTeaching(isTeaching: boolean): void {
  document.documentElement.toggleAttribute('data-teaching', isTeaching);
  scene.setTeaching(isTeaching);
}

store.subscribe((state, before) => {
  mapKeeper.follow(state, before);
  if (state.isRedacted !== before.isRedacted) feedAgain(state.isRedacted);
  if (SETTINGS.some((key) => state[key] !== before[key])) rememberSettings(state);
  if (state.isTeaching !== before.isTeaching) showTeaching(state.isTeaching);
  if (state.theme !== before.theme) applyTheme(state.theme);
  if (state.theme !== before.theme) scene.refreshPalette();
  if (state.selected !== before.selected || state.facts !== before.facts) scene.select(state.selected);
  if (state.selected?.id !== before.selected?.id || state.isLooping !== before.isLooping) {
    scene.endLoops();
    if (state.selected !== null && (state.isLooping || state.selected.id !== before.selected?.id)) {
      scene.replay(state.selected, state.isLooping);
    }
  }
  if (state.filter !== before.filter) scene.retain(passesFilter);
  if (state.compare !== before.compare) showCompared(state, before);
  if (state.selected?.id !== before.selected?.id || state.step !== before.step) {
    scene.setStep(state.selected, state.step);
  }
  if (state.isPaused !== before.isPaused) scene.setPaused(state.isPaused);
  if (state.stretch !== before.stretch) scene.setStretch(state.stretch);
});
/** The page has its recording in itself, and nobody to ask. */
const isAlone = isIncident();
if (isAlone) store.setState({ connection: { state: 'live' } });
else address.start();
applyTheme(store.getState().theme);
showTeaching(store.getState().isTeaching);
onSystemTheme(scene.refreshPalette);

function tellBroken(reason: string): void {
  gate.take({ type: 'notice', level: 'warning', text: `A message was not understood: ${reason}` });
}

/** Of each frame, for what came: with it, drawing 2,000 dots still keeps 55 frames a second. */
const INTAKE_MS = 5;
const intake = createIntake(() => performance.now(), tellBroken);

/** In order; at once where nothing waits and nobody draws. */
function takeIn(take: () => void): void {
  intake.add(take);
  frames.request();
  if (document.hidden) intake.run(Number.POSITIVE_INFINITY);
}

const gate = createGate({
  redactor,
  isRedacting: store.getState().isRedacted,
  deliver(frame, isAgain) {
    isFedAgain = isAgain;
    try {
      receive(frame);
    } finally {
      isFedAgain = false;
    }
  },
  nowMs: () => performance.now(),
});

/** All that is kept, redacted or not; what was drawn before goes. */
function feedAgain(isRedacted: boolean): void {
  const { moment, recording } = store.getState();
  if (moment !== null && recording === null) time.goLive();
  scene.clearTraffic();
  scene.focus.set(null);
  // A recording may name no capture that could be told from the one before.
  live.traffic.end();
  actions.feedAgain(() => gate.setRedacting(isRedacted));
  time.reopen();
}

function receive(frame: ServerFrame | Uint8Array): void {
  const nowMs = performance.now();
  if (frame instanceof Uint8Array) {
    live.take(frame, nowMs);
    frames.request();
    return;
  }
  if (frame.type === 'hello' && !actions.hello(frame, Date.now())) return;
  const isAnew = live.take(frame, nowMs);
  if (isAnew) mapKeeper.forget('live');
  if (isAnew) actions.beginAnew();
  if (frame.type === 'topology' || frame.type === 'topology-patch') actions.showTopology();
  if (frame.type === 'evidence') actions.showFacts();
  if (frame.type === 'notice' && store.getState().recording?.isOwn !== true) actions.notice(frame);
  if (frame.type === 'hello' && frame.recording !== undefined && !isFedAgain) void openPlayed(frame);
}

/** What the agent plays is fetched whole, so that any moment of it can be shown; what is too long for that comes as it is played. */
async function openPlayed(hello: Hello): Promise<void> {
  if (store.getState().recording === null && (await recordings.openPlayed(hello))) socket.close();
}

/** From the wire, as it came: to be shown now, and to be shown again. */
function take(frame: ServerFrame | Uint8Array): void {
  gate.take(frame);
  recorder.add(frame, live.traffic.nowNs(performance.now()));
}

// Beside the page: one of several recordings has a folder of its own.
const socketUrl = new URL('ws', location.href);
socketUrl.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
socketUrl.search = '';
socketUrl.hash = '';
const socket = isAlone
  ? NO_SOCKET
  : connectSocket(socketUrl.href, {
      onState(state) {
        if (state.state !== 'waiting') return;
        intake.run(Number.POSITIVE_INFINITY);
        actions.disconnected(state.reason, performance.now(), Date.now());
      },
      onFrame: (frame) => takeIn(() => take(frame)),
      onBatch(bytes) {
        for (const part of splitBatch(bytes)) takeIn(() => take(part));
        frames.request();
      },
      onBroken: tellBroken,
    });

// Credit goes back once per frame: a page that is too slow to draw is also sent less. A hidden page has no frames and
// draws nothing, but takes everything in: there the timer below does it.
let ackedHop = 0;
function sendCredit(): void {
  const { nextHop } = live.traffic.account;
  if (nextHop === null || nextHop === ackedHop) return;
  ackedHop = nextHop;
  socket.send({ type: 'ack', hop: nextHop });
}
frames.onAdvance(() => {
  const isLeft = intake.run(INTAKE_MS);
  sendCredit();
  return isLeft;
});

setInterval(() => {
  const nowMs = performance.now();
  if (document.hidden) {
    intake.run(Number.POSITIVE_INFINITY);
    sendCredit();
  }
  live.traffic.tick(nowMs);
  time.tick();
  actions.refresh(nowMs);
  address.tick(nowMs);
  scene.tick(nowMs);
}, REFRESH_MS);

if (isAlone) void openOwn();

/** Begins with the exchange that its author chose, unless the address says another place in it. */
async function openOwn(): Promise<void> {
  try {
    const incident = readOwnIncident();
    if (incident === null) throw new Error('there is no whole recording in this page');
    const { title, notes, name, filter, exchange } = incident.cover;
    document.title = title === '' ? 'Hopscope incident' : `${title} – Hopscope`;
    if (location.hash === '') {
      const hash = writeAddress({ ...PLAIN_ADDRESS, filter, exchange });
      if (hash !== '') history.replaceState(null, '', hash);
    }
    const bytes = new Blob([new Uint8Array(incident.recording)]);
    await recordings.open(bytes, name, { isOwn: true, title, notes });
    address.start();
  } catch (error) {
    const text = `This page is broken: ${error instanceof Error ? error.message : String(error)}`;
    actions.notice({ type: 'notice', level: 'error', text });
  }
}

declare global {
  interface Window {
    /** Read-only figures for benches and tests. */
    readonly hopscopeStats: {
      readonly fps: number;
      readonly frameMs: number;
      readonly inFlight: number;
      /** Fewer than the packets in flight where several share one. */
      readonly dots: number;
      readonly reactCommits: number;
    };
  }
}
Object.defineProperty(window, 'hopscopeStats', {
  get: () => ({
    ...frames.stats(),
    inFlight: scene.inFlight.packets,
    dots: scene.inFlight.dots,
    reactCommits: readCommits(),
  }),
});

const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <PageContext
        value={{
          store,
          actions,
          traffic: shown,
          time,
          scene,
          frames,
          address,
          mapKeeper,
          recordings,
          retry: socket.retry,
        }}
      >
        <App />
      </PageContext>
    </StrictMode>,
  );
}
