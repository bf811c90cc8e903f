// Frames → actions. One exhaustive switch.
import type {
  EvidenceFrame,
  Hello,
  Ledger,
  Notice,
  ServerFrame,
  TopologyPatch,
  TopologySnapshot,
} from '@hopscope/protocol';

/** What a frame can do to the page. */
export interface FrameActions {
  hello(frame: Hello): void;
  topology(frame: TopologySnapshot): void;
  topologyPatch(frame: TopologyPatch): void;
  locations(names: Readonly<Record<string, string>>): void;
  ledger(frame: Ledger): void;
  evidence(frame: EvidenceFrame): void;
  notice(frame: Notice): void;
}

export function applyFrame(frame: ServerFrame, actions: FrameActions): void {
  switch (frame.type) {
    case 'hello':
      actions.hello(frame);
      break;
    case 'topology':
      actions.topology(frame);
      break;
    case 'topology-patch':
      actions.topologyPatch(frame);
      break;
    case 'locations':
      actions.locations(frame.names);
      break;
    case 'ledger':
      actions.ledger(frame);
      break;
    case 'evidence':
      actions.evidence(frame);
      break;
    case 'notice':
      actions.notice(frame);
      break;
  }
}
