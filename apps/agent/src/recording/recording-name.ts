/** `hopscope-myhost-20261122T203816Z.hops` */
export function recordingName(host: string, when: Date): string {
  const stamp = when.toISOString().replace(/[-:]|\.\d+/g, '');
  return `hopscope-${host.replace(/[^A-Za-z0-9-]/g, '').slice(0, 40)}-${stamp}.hops`;
}
