import { type Incident, readIncident, renamed } from './incident.ts';

/** Names that mean something to one reader or another. */
export async function hostileIncident(): Promise<Incident> {
  let count = 0;
  return renamed(await readIncident('nat'), {
    host: '=cmd|" /C calc"!A0',
    container: () => `=${++count}+1</title><script>alert(1)</script>"];}\\|\`x\`\u001b[2J\u202e\r\n=1+1,**#${count}`,
    image: () => '@SUM(1)',
    project: () => '-1',
    interface: () => `"];<b>|=${count++}\u001b`,
  });
}
