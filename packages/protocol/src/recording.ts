// Recordings: frames in a file. The layout is in recording/layout.ts and, for others, in docs/recording.md.
export type { RecordingEntry } from './recording/block-content.ts';
export {
  fromBase64,
  INCIDENT_IDS,
  type IncidentCover,
  type IncidentParts,
  incidentHtml,
  parseCover,
} from './recording/incident.ts';
export { RECORDING_VERSION, type RecordingHeader } from './recording/layout.ts';
export {
  type Gunzip,
  openRecording,
  type Recording,
  type RecordingBlock,
} from './recording/reader.ts';
export { type RewriteOptions, rewriteRecording } from './recording/rewrite.ts';
export { RecordingError, type RecordingSource } from './recording/source.ts';
export {
  createRecordingWriter,
  type RecordingWriter,
  type RecordingWriterOptions,
} from './recording/writer.ts';
