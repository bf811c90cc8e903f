// Which journeys a page follows when it cannot take in all of them. Whole journeys are left out, never single hops: what decides is a number
// that request, reply and errors of an echo share (the sequence number), for other packets the packet id, and a decision once taken stays.
//
// Levels nest: what is followed at 1 in 2N is also followed at 1 in N. A new level holds for what begins after it. Two small tables
// remember what was decided: by sequence number, so that a reply shares its request's fate though the level has changed since, and by packet
// id. Time is the records' own.
import { FLAG, NO_OFFSET, OFFSET, RECORD_BYTES } from '@hopscope/protocol';
import { NO_ECHO, REQUEST, readEcho, readFragmentId } from './record-headers.ts';

const UNKNOWN = 0;
const FOLLOWED = 1;
const LEFT_OUT = 2;

/** Packets remembered: far more than are under way at one time. A power of two. */
const PACKETS = 32_768;
const SEQUENCE_NUMBERS = 65_536;

/** Times are kept in units of 2^24 ns, 16.8 ms, modulo 2^16: 18 minutes. */
const TIME_MASK = 0xffff;
/**
 * A request whose sequence number was decided less than 33 ms ago shares that fate: the other's reply may still come. Not longer: a flood comes
 * round to the same number within half a second, and must then be decided anew.
 */
const SAME_REQUEST_UNITS = 2;
/** A reply or error up to 17 s later shares its request's fate. */
const SAME_ECHO_UNITS = 1024;
/** After all are followed again, this long those that were left out are still known. */
const FORGET_UNITS = 1024;
/** What is under way when choosing begins is followed to its end. */
const BEGUN_BEFORE_UNITS = 64;

export interface JourneyChooser {
  /**
   * @param records whole records, one behind the other
   * @param level one journey in 2 ** level is followed, of those that begin here
   * @returns those of journeys that are followed: the same bytes when none is left out, else a copy
   */
  choose(records: Uint8Array, level: number): Uint8Array;
}

export function createJourneyChooser(): JourneyChooser {
  // Zeroed memory that is never touched costs nothing: a page that keeps up has these for free.
  const echoFate = new Uint8Array(SEQUENCE_NUMBERS);
  const echoTime = new Uint16Array(SEQUENCE_NUMBERS);
  const packetId = new Uint32Array(PACKETS);
  const packetFate = new Uint8Array(PACKETS);
  /** Choosing goes on until a while after the level is 0 again. */
  let isChoosing = false;
  let begunAt = 0;
  let neededAt = 0;

  /** All are followed: only remembers which echoes began so. */
  function note(view: DataView): void {
    for (let at = 0; at < view.byteLength; at += RECORD_BYTES) {
      if ((view.getUint8(at + OFFSET.flags) & FLAG.FIRST) === 0) continue;
      const echo = readEcho(view, at);
      if (echo === NO_ECHO || (echo & REQUEST) === 0) continue;
      echoFate[echo & 0xffff] = FOLLOWED;
      echoTime[echo & 0xffff] = timeOf(view, at);
    }
  }

  function decide(view: DataView, at: number, level: number): number {
    const isFirst = (view.getUint8(at + OFFSET.flags) & FLAG.FIRST) !== 0;
    const now = timeOf(view, at);
    const echo = readEcho(view, at);
    if (echo !== NO_ECHO) {
      const seq = echo & 0xffff;
      const known = echoFate[seq] ?? UNKNOWN;
      const age = (now - (echoTime[seq] ?? 0)) & TIME_MASK;
      const begins = isFirst && (echo & REQUEST) !== 0;
      if (known !== UNKNOWN && age < (begins ? SAME_REQUEST_UNITS : SAME_ECHO_UNITS)) return known;
      const fate = passes(scatterSequence(seq), level);
      echoFate[seq] = fate;
      echoTime[seq] = now;
      return fate;
    }
    if (!isFirst && ((now - begunAt) & TIME_MASK) < BEGUN_BEFORE_UNITS) return FOLLOWED;
    return passes(scatter(idLow(view, at), idHigh(view, at)), level);
  }

  /** As decided at first sight. Fragments of a packet share what was decided for the first of them. */
  function fateOf(view: DataView, at: number, level: number): number {
    const low = idLow(view, at);
    const high = idHigh(view, at);
    // Not tracked: nothing to remember it by.
    if (low === 0 && high === 0) return decide(view, at, level);
    const slot = scatter(low, high) & (PACKETS - 1);
    const known = packetId[slot] === low ? (packetFate[slot] ?? UNKNOWN) : UNKNOWN;
    if (known !== UNKNOWN) return known;
    const fragment = readFragmentId(view, at);
    const fragmentSlot = scatter(fragment, 0x66726167) & (PACKETS - 1);
    const shared =
      fragment !== 0 && packetId[fragmentSlot] === fragment ? (packetFate[fragmentSlot] ?? UNKNOWN) : UNKNOWN;
    const isLater = view.getUint16(at + OFFSET.l4_offset, true) === NO_OFFSET;
    const fate = isLater && shared !== UNKNOWN ? shared : decide(view, at, level);
    packetId[slot] = low;
    packetFate[slot] = fate;
    if (fragment !== 0 && !isLater) {
      packetId[fragmentSlot] = fragment;
      packetFate[fragmentSlot] = fate;
    }
    return fate;
  }

  /** Whether decisions are needed, at the time of this record. */
  function needsChoice(view: DataView, level: number): boolean {
    const now = timeOf(view, 0);
    if (level > 0) {
      if (!isChoosing) begunAt = now;
      isChoosing = true;
      neededAt = now;
    } else if (isChoosing && ((now - neededAt) & TIME_MASK) > FORGET_UNITS) {
      isChoosing = false;
      packetFate.fill(UNKNOWN);
    }
    return isChoosing;
  }

  return {
    choose(records, level) {
      if (records.byteLength === 0) return records;
      const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
      if (!needsChoice(view, level)) {
        note(view);
        return records;
      }
      const followed: number[] = [];
      for (let at = 0; at < records.byteLength; at += RECORD_BYTES) {
        if (fateOf(view, at, level) === FOLLOWED) followed.push(at);
      }
      if (followed.length * RECORD_BYTES === records.byteLength) return records;
      // A copy: a view would keep all the bytes that it is cut from.
      const kept = new Uint8Array(followed.length * RECORD_BYTES);
      for (const [i, at] of followed.entries()) kept.set(records.subarray(at, at + RECORD_BYTES), i * RECORD_BYTES);
      return kept;
    },
  };
}

function passes(scattered: number, level: number): number {
  return (scattered & (2 ** level - 1)) === 0 ? FOLLOWED : LEFT_OUT;
}

/** A bijection of 16 bits: of 2^n sequence numbers in a row about one passes 1 in 2^n, of all of them exactly. */
function scatterSequence(seq: number): number {
  let x = Math.imul(seq, 0x9e35) & 0xffff;
  x ^= x >>> 7;
  x = Math.imul(x, 0x6a6d) & 0xffff;
  return x ^ (x >>> 9);
}

/** MurmurHash3's last step over both halves of a packet id. */
function scatter(low: number, high: number): number {
  let x = low ^ Math.imul(high, 0x9e3779b1);
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

const idLow = (view: DataView, at: number): number => view.getUint32(at + OFFSET.packet_id, true);
const idHigh = (view: DataView, at: number): number => view.getUint32(at + OFFSET.packet_id + 4, true);

function timeOf(view: DataView, at: number): number {
  const low = view.getUint32(at + OFFSET.time_ns, true);
  return ((view.getUint32(at + OFFSET.time_ns + 4, true) << 8) | (low >>> 24)) & TIME_MASK;
}
