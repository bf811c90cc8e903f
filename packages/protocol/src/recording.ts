// Recordings: frames in a file. The layout is in recording/layout.ts and, for others, in docs/recording.md.
export type { RecordingEntry } from './recording/block-content.ts';
export { RECORDING_VERSION, type RecordingHeader } from './recording/layout.ts';
export {
  type Gunzip,
  openRecording,
  type Recording,
  type RecordingBlock,
  RecordingError,
  type RecordingSource,
} from './recording/reader.ts';
export {
  createRecordingWriter,
  type RecordingWriter,
  type RecordingWriterOptions,
} from './recording/writer.ts';
