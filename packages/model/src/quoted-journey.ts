import type { Exchange, Journey } from './exchange.ts';

const ECHO_REPLY: readonly number[] = [0, 129];

/** The packet that an ICMP error is about; null when it was not seen. */
export function quotedJourney(error: Journey, { request, reply }: Exchange): Journey | null {
  const quoted = (error.crossings[0]?.packet ?? error.drop?.packet)?.quoted ?? null;
  return quoted?.icmp != null && ECHO_REPLY.includes(quoted.icmp.type) ? reply : request;
}
