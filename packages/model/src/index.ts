export * from './assembler.ts';
export * from './exchange.ts';
export * from './exchange-times.ts';
export * from './fib-lookup.ts';
export * from './icmp-error-text.ts';
export * from './namespace-facts.ts';
export * from './packet.ts';
export * from './topology.ts';
