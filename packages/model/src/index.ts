export * from './exchange.ts';
export * from './packet.ts';
