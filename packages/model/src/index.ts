export * from './assembler.ts';
export * from './exchange.ts';
export * from './namespace-facts.ts';
export * from './packet.ts';
export * from './topology.ts';
