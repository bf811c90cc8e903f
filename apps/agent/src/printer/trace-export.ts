// `--otlp`: what is printed is also sent, each exchange as an OpenTelemetry trace. From this process, which has no privilege.
import { createOtlpWriter } from '@hopscope/model';
import type { Hello, NetnsId } from '@hopscope/protocol';
import { createSender, type Sender, type SenderOptions } from '../lib/otlp/sender.ts';
import { sentLine } from '../lib/otlp/sent-line.ts';
import { readOtlpSettings } from '../lib/otlp/settings.ts';
import type { GuestContext, View } from './view.ts';

/** For what is still to be sent when the trace has ended. */
export const LAST_TRACES_WITHIN_MS = 5000;

export interface TraceExport {
  views(context: GuestContext, hello: Hello): readonly View[];
  /** Resolves when there is room for more. */
  room(): Promise<void>;
  finish(withinMs: number): Promise<void>;
  /** `traces: sent 96 spans, lost 0` */
  closingLine(): string;
  readonly hasLost: boolean;
}

/** @param say something the person at the terminal should know @throws Failure (usage) when the environment is wrong */
export function createTraceExport(say: (line: string) => void, limits: SenderOptions['limits'] = {}): TraceExport {
  const settings = readOtlpSettings(process.env);
  let sender: Sender | null = null;
  return {
    views({ surroundings, epochNs }, hello) {
      const { spans, ...document } = createOtlpWriter({ hello, epochNs, resource: settings.resource });
      const own = createSender({ settings, document, say, limits });
      const titleOf = (netns: NetnsId) => surroundings.netnsName(netns) || `netns ${netns.slice(1)}`;
      sender = own;
      return [{ isImpatient: true, onExchange: (exchange) => own.add(spans(exchange, titleOf)) }];
    },
    room: async () => sender?.room(),
    finish: async (withinMs) => sender?.finish(withinMs),
    closingLine: () => `traces: ${sentLine(sender ?? { sentSpans: 0, lostSpans: {} })}`,
    get hasLost() {
      return Object.keys(sender?.lostSpans ?? {}).length > 0;
    },
  };
}
