import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createFrameSplitter,
  encodeControlFrame,
  FRAME_HEADER_BYTES,
  FRAME_KIND,
  FrameError,
  parseClientFrame,
  parseControlPayload,
  parseServerFrame,
  type StreamFrame,
  writeFrameHeader,
} from './codec.ts';
import { type Notice, PROTOCOL_VERSION, RECORD_LAYOUT, type ServerFrame, whyIncompatible } from './frames.ts';

function encode({ kind, payload }: StreamFrame): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + payload.byteLength);
  writeFrameHeader(bytes, kind, payload.byteLength);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

const anyFrame: fc.Arbitrary<StreamFrame> = fc.record({
  kind: fc.constantFrom(FRAME_KIND.control, FRAME_KIND.hops),
  payload: fc.uint8Array({ maxLength: 200 }),
});

/** The bytes in pieces, cut at these places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...new Set(places.map((place) => place % (bytes.byteLength + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.byteLength].map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}

const notice: Notice = { type: 'notice', level: 'info', text: 'schön ⟨✕⟩' };

describe('a stream of frames', () => {
  test('comes out as it went in, however it was cut', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 40 }), (frames, places) => {
        const stream = Uint8Array.from(frames.flatMap((frame) => [...encode(frame)]));
        const splitter = createFrameSplitter();
        const out = cut(stream, places).flatMap((chunk) => splitter.push(chunk));
        expect(out.map(({ kind, payload }) => ({ kind, payload: [...payload] }))).toEqual(
          frames.map(({ kind, payload }) => ({ kind, payload: [...payload] })),
        );
        expect(splitter.pendingBytes).toBe(0);
      }),
    );
  });

  test('that ends in the middle of a frame says so', () => {
    fc.assert(
      fc.property(anyFrame, fc.nat(), (frame, at) => {
        const bytes = encode(frame);
        const end = at % bytes.byteLength;
        const splitter = createFrameSplitter();
        expect(splitter.push(bytes.subarray(0, end))).toEqual([]);
        expect(splitter.pendingBytes).toBe(end);
      }),
    );
  });

  test('is refused when a frame is of no known kind or too large', () => {
    const splitter = createFrameSplitter(1000);
    expect(() => splitter.push(encode({ kind: 9, payload: new Uint8Array(1) }))).toThrow(
      new FrameError('unknown frame kind 9'),
    );
    const large = new Uint8Array(FRAME_HEADER_BYTES);
    writeFrameHeader(large, FRAME_KIND.hops, 1001);
    expect(() => createFrameSplitter(1000).push(large)).toThrow('frame of 1001 bytes, at most 1000 are allowed');
  });
});

describe('a control frame', () => {
  test('comes back from its bytes', () => {
    const [frame] = createFrameSplitter().push(encodeControlFrame(notice));
    expect(frame?.kind).toBe(FRAME_KIND.control);
    expect(parseControlPayload(frame?.payload ?? new Uint8Array())).toEqual(notice);
  });

  test.each([
    ['', 'frame is not JSON'],
    ['{"type":"notice"', 'frame is not JSON'],
    ['[]', /^frame: /],
    ['{"type":"nonsense"}', /^frame: type: /],
    ['{"type":"notice","level":"loud","text":"x"}', /^frame: level: /],
    ['{"type":"ledger","seen":-1}', /^frame: seen: /],
    ['{"type":"topology","version":1.5,"topology":{"namespaces":[]}}', /^frame: version: /],
  ])('that is wrong names the part: %s', (text, message) => {
    expect(() => parseServerFrame(text)).toThrow(FrameError);
    expect(() => parseServerFrame(text)).toThrow(message);
  });

  test('that is not UTF-8 is refused', () => {
    expect(() => parseControlPayload(Uint8Array.of(0x22, 0xff, 0x22))).toThrow('control frame is not UTF-8');
  });

  test('of a page is an ack and nothing else', () => {
    expect(parseClientFrame('{"type":"ack","hop":17}')).toEqual({ type: 'ack', hop: 17 });
    for (const text of ['{"type":"ack"}', '{"type":"ack","hop":-1}', '{"type":"hello"}', 'null', '17'])
      expect(() => parseClientFrame(text)).toThrow(FrameError);
  });

  test('never makes the parser throw anything but a FrameError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        try {
          parseServerFrame(text);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
      }),
    );
  });
});

describe('hello', () => {
  const hello: Extract<ServerFrame, { type: 'hello' }> = {
    type: 'hello',
    ...RECORD_LAYOUT,
    agent: { version: '0.0.0' },
    host: { name: 'host', kernel: '6.0', bootId: '' },
    clock: { monotonicNs: '1', wallNs: '2' },
    dropReasons: {},
    features: [],
    lab: false,
  };

  test('of this build is understood, also with more fields after ours', () => {
    expect(whyIncompatible(hello)).toBeNull();
    const more = [...hello.record.fields, { name: 'later', kind: 'u8' as const, count: 1, offset: hello.record.bytes }];
    expect(whyIncompatible({ ...hello, record: { bytes: hello.record.bytes + 8, fields: more } })).toBeNull();
  });

  test('of another protocol or record is told apart with the reason', () => {
    expect(whyIncompatible({ ...hello, protocol: PROTOCOL_VERSION + 1 })).toMatch(/protocol 2, this reader speaks 1/);
    const moved = hello.record.fields.map((field) => (field.name === 'len' ? { ...field, offset: 44 } : field));
    expect(whyIncompatible({ ...hello, record: { ...hello.record, fields: moved } })).toMatch(/another "len" field/);
    expect(whyIncompatible({ ...hello, record: { ...hello.record, fields: [] } })).toMatch(/another "time_ns" field/);
  });
});
