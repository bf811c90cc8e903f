export * from './codec.ts';
export * from './evidence.ts';
export * from './frames.ts';
export * from './hop-batch.ts';
export * from './ids.ts';
export * from './record-layout.ts';
export * from './recording.ts';
export * from './topology.ts';
