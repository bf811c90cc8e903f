// Keyboard: one table, used for the bindings and for the help.
import { useEffect } from 'react';
import { tinykeys } from 'tinykeys';
import { nearestStretch, STRETCHES } from '../lib/stretch.ts';
import { moveSpan, zoomSpan } from '../lib/time-span.ts';
import { stepsOf } from '../store/steps.ts';
import { focusFilter } from './filter-box.tsx';
import { focusMapSearch } from './map-search.tsx';
import { foldOrUnfold, ZOOM_STEP } from './map-tools.tsx';
import { type Page, usePage } from './page.ts';
import { chooseRecording } from './recording/choose.ts';
import { openShareMenu } from './share-menu.tsx';

export interface Command {
  /** As tinykeys writes them. */
  readonly bindings: readonly string[];
  readonly shown: readonly string[];
  readonly does: string;
  run(page: Page, openHelp: () => void): void;
}

const PAN_STEP = 60;

/** Also the menu: what a key does can be chosen there. */
export const KEYS: readonly Command[] = [
  {
    bindings: ['Space'],
    shown: ['Space'],
    does: 'pause, go on',
    run: ({ time, store }) => time.setPaused(!store.getState().isPaused),
  },
  { bindings: ['j'], shown: ['J'], does: 'next exchange (older)', run: (page) => step(page, -1) },
  { bindings: ['k'], shown: ['K'], does: 'previous exchange (newer)', run: (page) => step(page, 1) },
  {
    bindings: ['r'],
    shown: ['R'],
    does: 'replay the selected exchange',
    run: ({ scene, store }) => {
      const { selected, isLooping } = store.getState();
      if (selected !== null) scene.replay(selected, isLooping);
    },
  },
  {
    bindings: ['l'],
    shown: ['L'],
    does: 'loop the selected exchange',
    run: ({ actions, store }) => {
      const { selected, isLooping } = store.getState();
      if (selected !== null) actions.setLooping(!isLooping);
    },
  },
  {
    bindings: ['c'],
    shown: ['C'],
    does: 'compare the selected exchange with another one',
    run: ({ actions }) => actions.chooseCompared(),
  },
  {
    bindings: ['x'],
    shown: ['X'],
    does: 'pick an exchange; two that are picked are compared',
    run: (page) => pickRow(page),
  },
  { bindings: [','], shown: [','], does: 'back by one hop', run: (page) => stepBy(page, -1) },
  { bindings: ['.'], shown: ['.'], does: 'on by one hop', run: (page) => stepBy(page, 1) },
  {
    bindings: ['Escape'],
    shown: ['Esc'],
    does: 'put back what is picked, end the comparison, the selection, then go live',
    run: (page) => leave(page),
  },
  { bindings: ['n'], shown: ['N'], does: 'now: go live, also from a recording', run: ({ time }) => time.goLive() },
  { bindings: ['o'], shown: ['O'], does: 'open a recording…', run: chooseRecording },
  {
    bindings: ['Shift+S'],
    shown: ['Shift', 'S'],
    does: 'save what is held as a recording',
    run: ({ recordings }) => void recordings.save(),
  },
  { bindings: ['a'], shown: ['A'], does: 'timeline: earlier', run: (page) => moveTime(page, -1) },
  { bindings: ['d'], shown: ['D'], does: 'timeline: later', run: (page) => moveTime(page, 1) },
  { bindings: ['w'], shown: ['W'], does: 'timeline: zoom in', run: (page) => zoomTime(page, 1) },
  { bindings: ['s'], shown: ['S'], does: 'timeline: zoom out', run: (page) => zoomTime(page, -1) },
  { bindings: ['['], shown: ['['], does: 'faster', run: (page) => stretchBy(page, -1) },
  { bindings: [']'], shown: [']'], does: 'slower', run: (page) => stretchBy(page, 1) },
  {
    bindings: ['p'],
    shown: ['P'],
    does: 'choose the pace automatically',
    run: ({ actions }) => actions.setStretchAuto(true),
  },
  { bindings: ['f', '0'], shown: ['F', '0'], does: 'show everything', run: ({ scene }) => scene.fit() },
  {
    bindings: ['+', '=', 'Shift++'],
    shown: ['+'],
    does: 'zoom in',
    run: ({ scene }) => scene.zoomBy(ZOOM_STEP),
  },
  { bindings: ['-'], shown: ['-'], does: 'zoom out', run: ({ scene }) => scene.zoomBy(1 / ZOOM_STEP) },
  { bindings: ['ArrowLeft'], shown: ['←'], does: 'look further left', run: ({ scene }) => scene.panBy(PAN_STEP, 0) },
  { bindings: ['ArrowRight'], shown: ['→'], does: 'look further right', run: ({ scene }) => scene.panBy(-PAN_STEP, 0) },
  { bindings: ['ArrowUp'], shown: ['↑'], does: 'look further up', run: ({ scene }) => scene.panBy(0, PAN_STEP) },
  { bindings: ['ArrowDown'], shown: ['↓'], does: 'look further down', run: ({ scene }) => scene.panBy(0, -PAN_STEP) },
  {
    bindings: ['t'],
    shown: ['T'],
    does: 'light or dark',
    run: ({ actions }) => {
      const isDark = getComputedStyle(document.documentElement).colorScheme === 'dark';
      actions.setTheme(isDark ? 'light' : 'dark');
    },
  },
  { bindings: ['i'], shown: ['I'], does: 'fold idle namespaces, unfold all', run: (page) => foldOrUnfold(page) },
  { bindings: ['m'], shown: ['M'], does: 'the map as tables', run: ({ actions }) => actions.showTable(true) },
  { bindings: ['e'], shown: ['E'], does: 'share a picture or a file of it', run: () => openShareMenu() },
  { bindings: ['g'], shown: ['G'], does: 'find something on the map', run: () => focusMapSearch() },
  { bindings: ['/'], shown: ['/'], does: 'write a filter', run: () => focusFilter() },
  { bindings: ['Shift+?', '?'], shown: ['?'], does: 'this help', run: (_page, openHelp) => openHelp() },
];

function step({ store, actions, traffic }: Page, by: number): void {
  const { list, selected } = store.getState();
  const at = selected === null ? list.ids.length : list.ids.indexOf(selected.id);
  const id = list.ids[Math.max(0, Math.min(list.ids.length - 1, at + by))];
  const exchange = id === undefined ? undefined : traffic.exchange(id);
  if (exchange !== undefined) actions.select(exchange);
}

/** The row that has the focus, else the selected exchange. */
function pickRow({ store, actions, traffic }: Page): void {
  const row = document.activeElement?.closest<HTMLElement>('[data-exchange]');
  const id = row?.dataset.exchange;
  const exchange = id === undefined ? store.getState().selected : traffic.exchange(Number(id));
  if (exchange !== null && exchange !== undefined) actions.pick(exchange);
}

/** One thing at a time: the comparison, the exchange, the range of time, the past. */
function leave({ store, actions, scene, time }: Page): void {
  const { compare, picked, selected, range, moment, recording } = store.getState();
  if (compare !== 'off') {
    actions.endCompare();
    return;
  }
  if (picked !== null) {
    actions.putBack();
    return;
  }
  const hadFocus = scene.focus.current?.isKept === true;
  scene.focus.set(null);
  if (selected !== null) actions.select(null);
  else if (hadFocus) return;
  else if (range !== null) time.select(null);
  else if (moment !== null && recording === null) time.goLive();
}

/** To the next or the previous hop of the selected exchange; of the newest when none is. */
export function stepBy({ store, actions, traffic }: Page, by: number): void {
  const { list, selected, step: before } = store.getState();
  const newest = list.ids[list.ids.length - 1];
  const exchange = selected ?? (newest === undefined ? undefined : traffic.exchange(newest));
  if (exchange === undefined) return;
  if (selected === null) actions.select(exchange);
  const count = stepsOf(exchange).length;
  actions.setStep(Math.max(0, Math.min(count - 1, (before ?? (by > 0 ? -1 : count)) + by)));
}

const nowOf = ({ time }: Page): number => time.held?.toMs ?? Date.now();

/** @param by -1 earlier, 1 later */
function moveTime(page: Page, by: number): void {
  const { span } = page.store.getState();
  const oldest = page.time.held?.fromMs ?? nowOf(page);
  page.actions.setSpan(moveSpan(span, nowOf(page), (by * span.lengthMs) / 4, oldest));
}

/** Of a recording: how long it is. */
export function wholeMs({ time }: Page): number | undefined {
  return time.source === null || time.held === null ? undefined : time.held.toMs - time.held.fromMs;
}

/** Around the moment that is shown. @param by 1 in, -1 out */
export function zoomTime(page: Page, by: number): void {
  const { span, moment } = page.store.getState();
  const now = nowOf(page);
  page.actions.setSpan(zoomSpan(span, now, moment?.atMs ?? span.endMs ?? now, 1.5 ** by, wholeMs(page)));
}

/** The keys of a slider. @returns whether it is one of them */
export function moveMoment(page: Page, key: string): boolean {
  const { time, store } = page;
  const { held } = time;
  if (held === null) return false;
  const { span, moment, recording } = store.getState();
  const stepMs = span.lengthMs / 120;
  const at = moment?.atMs ?? held.toMs;
  const by: Readonly<Record<string, number>> = {
    ArrowLeft: -stepMs,
    ArrowDown: -stepMs,
    ArrowRight: stepMs,
    ArrowUp: stepMs,
    PageDown: -10 * stepMs,
    PageUp: 10 * stepMs,
    Home: held.fromMs - at,
    End: held.toMs - at,
  };
  const move = by[key];
  if (move === undefined) return false;
  // At its end the slider is live.
  if (at + move >= held.toMs && recording === null) time.goLive();
  else time.seek(at + move);
  return true;
}

function stretchBy({ store, actions }: Page, by: number): void {
  const at = STRETCHES.indexOf(nearestStretch(store.getState().stretch));
  const next = STRETCHES[at + by];
  if (next !== undefined) actions.setStretch(next);
}

/** Whether the key belongs to whatever has the focus. */
function isTaken(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (document.querySelector('dialog[open]') !== null) return true;
  if (target.closest('input:not([type="checkbox"]), textarea, select, [contenteditable]') !== null) return true;
  if (event.key.startsWith('Arrow') && target.closest('[role="slider"]') !== null) return true;
  // Lists scroll with the arrow keys.
  if (event.key.startsWith('Arrow') && target.closest('.panel') !== null) return true;
  return event.code === 'Space' && target.closest('button, a, input') !== null;
}

export function useKeys(openHelp: () => void): void {
  const page = usePage();
  useEffect(() => {
    const bindings = KEYS.flatMap((key) =>
      key.bindings.map((binding) => [
        binding,
        (event: KeyboardEvent) => {
          if (isTaken(event)) return;
          event.preventDefault();
          key.run(page, openHelp);
        },
      ]),
    );
    const stop = tinykeys(window, Object.fromEntries(bindings));
    // A click leaves the focus on its button, which would take the space bar from then on. Clicks by key have no detail: they keep it.
    const giveBackFocus = (event: MouseEvent) => {
      if (event.detail > 0 && event.target instanceof Element) event.target.closest('button')?.blur();
    };
    document.addEventListener('click', giveBackFocus);
    return () => {
      stop();
      document.removeEventListener('click', giveBackFocus);
    };
  }, [page, openHelp]);
}
