// Pictures without a browser, for `hopscope export`: bundled with the agent, loaded when one is wanted.
import type { DrawnPicture, DrawPicture, PictureRequest } from '@hopscope/model';
import { createTextFitter } from '../render/text-fit.ts';
import { type CoverState, type CoverTimes, coverOf } from '../share/cover.ts';
import { readInks } from '../share/inks.ts';
import { drawSheet } from '../share/sheet.ts';
import { waterfallPicture } from '../share/waterfall-picture.ts';
import { EMPTY_LEDGER, type PageLedger } from '../store/account.ts';
import { buildNames } from '../store/names.ts';
import { drawMap } from './draw-map.ts';
import { openDocument } from './page-document.ts';

export const drawPicture: DrawPicture = (request): DrawnPicture => {
  const { topology, selected, exchanges, theme, hello } = request;
  const names = buildNames(topology);
  const element = openDocument(theme);
  const inks = readInks(element);
  const fitter = createTextFitter();
  const isMap = request.of === 'map';
  const drawn = isMap ? drawMap(element, request, names)?.body : null;
  const waterfall = isMap || selected === null ? null : waterfallPicture(selected, names, inks, fitter);
  const body = drawn == null ? waterfall : { ...drawn, ground: inks.map };
  if (body === null) throw new Error(isMap ? 'it knows no namespace, so there is no map' : 'the exchange has no hops');
  const originMs = Number(BigInt(hello.clock.wallNs) / 1000n) / 1000;
  const wallMs: CoverTimes['wallMs'] = (t) => originMs + t / 1e6;
  const [first, last] = [exchanges[0], exchanges.at(-1)];
  const listed =
    first === undefined || last === undefined ? null : { fromMs: wallMs(first.startNs), toMs: wallMs(last.startNs) };
  const legend = {
    hasData: exchanges.some(({ kind }) => kind !== 'echo'),
    hasWires: false,
    remarks: selected?.incomplete === true ? ['broken line: incomplete, hops were missed'] : [],
  };
  return drawSheet(body, coverOf(stateOf(request, names), { wallMs, listed }, !isMap), legend, inks, fitter);
};

function stateOf(request: PictureRequest, names: CoverState['names']): CoverState {
  const { hello, topology, exchanges, selected, displayFilter, factsAbout } = request;
  const drops = exchanges.filter(({ drop }) => drop !== null).length;
  return {
    hello,
    topology,
    names,
    ledger: ledgerOf(request.ledger),
    filter: displayFilter,
    isRedacted: false,
    selected,
    facts: selected === null ? {} : factsAbout(selected),
    losses: [],
    list: { ids: exchanges.map(({ id }) => id), held: exchanges.length, dropped: drops, version: 0 },
    drops,
  };
}

function ledgerOf(ledger: PictureRequest['ledger']): PageLedger {
  if (ledger === null) return EMPTY_LEDGER;
  const { seen, delivered, identityFull, recursionMisses, sampledOneIn } = ledger;
  const stages = Object.entries(ledger.lost)
    .filter(([, lost]) => lost > 0)
    .map(([stage, lost]) => ({ stage, lost }));
  const missed = stages.reduce((sum, { lost }) => sum + lost, 0);
  return { seen, delivered, missed, away: 0, stages, identityFull, recursionMisses, sampledOneIn };
}
