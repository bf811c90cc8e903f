// P6: how fast records come from the kernel's ring into JavaScript's hands, beside one call per record.
import { startLab } from '@hopscope/lab';
import { openCapture } from '@hopscope/native';
import { RECORD_BYTES } from '@hopscope/protocol';
import { pingFlood, TWO_NAMESPACES } from './kernel-cost.ts';
import { median, type Row } from './report.ts';

const ROUNDS = 5;
/** A record takes 232 bytes of the 8 MiB ring: 36,157 fit. A ping makes at most 12. */
const PINGS = 3000;

export async function measureDrainRate(): Promise<Row[]> {
  const lab = await startLab(TWO_NAMESPACES);
  try {
    const batched: number[] = [];
    const oneByOne: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (const [records, rates] of [
        [1024, batched],
        [1, oneByOne],
      ] as const) {
        const capture = openCapture();
        await pingFlood(lab, PINGS);
        rates.push(timeDrain(capture, new Uint8Array(records * RECORD_BYTES)));
        capture.close();
      }
    }
    const rate = median(batched);
    const peer = median(oneByOne);
    return [
      {
        id: 'P6',
        what: 'ring to JavaScript, 1,024 records a call',
        value: rate,
        unit: 'M records/s',
        peer: 'one call a record',
        peerValue: peer,
        larger: true,
        bar: '>= 20 M records/s',
        met: rate >= 20,
      },
    ];
  } finally {
    await lab.stop();
  }
}

/** Millions of records a second. */
function timeDrain(capture: ReturnType<typeof openCapture>, buffer: Uint8Array): number {
  const start = performance.now();
  let bytes = 0;
  for (let got = capture.drain(buffer); got > 0; got = capture.drain(buffer)) bytes += got;
  return bytes / RECORD_BYTES / ((performance.now() - start) * 1000);
}
