// What the page is compared with: the same records and the same bridge and boxes in SVG, and for every packet an element of its own that is
// moved at every frame, as one would write it at first. It does none of the page's other work.
import { FLAG, readBatch } from '@hopscope/protocol';

const SVG = 'http://www.w3.org/2000/svg';
/** An exchange takes about as long on the page; each packet is half of it. */
const FLIGHT_MS = 1500;
const WAY = 'M60 300 H340 V160 H640 V300 H920';

const svg = document.createElementNS(SVG, 'svg');
svg.setAttribute('viewBox', '0 0 980 600');
svg.setAttribute('width', '980');
svg.setAttribute('height', '600');
const way = document.createElementNS(SVG, 'path');
way.setAttribute('d', WAY);
way.setAttribute('fill', 'none');
way.setAttribute('stroke', 'gray');
svg.append(way);
for (const [x, y] of [
  [20, 270],
  [300, 270],
  [600, 130],
  [880, 270],
]) {
  const box = document.createElementNS(SVG, 'rect');
  for (const [name, value] of Object.entries({ x, y, width: 80, height: 60 })) box.setAttribute(name, String(value));
  box.setAttribute('fill', 'none');
  box.setAttribute('stroke', 'black');
  svg.append(box);
}
document.body.append(svg);

const length = way.getTotalLength();
const packets: { readonly dot: SVGCircleElement; readonly sinceMs: number }[] = [];
let nextHop = 0;
let ackedHop = 0;

const socket = new WebSocket(`ws://${location.host}/ws`);
socket.binaryType = 'arraybuffer';
socket.addEventListener('message', ({ data }) => {
  if (typeof data === 'string') return;
  const batch = readBatch(new Uint8Array(data), 0n);
  for (let i = 0; i < batch.count; i++) {
    if ((batch.hop(i).flags & FLAG.FIRST) === 0) continue;
    const dot = document.createElementNS(SVG, 'circle');
    dot.setAttribute('r', '6');
    dot.setAttribute('fill', 'steelblue');
    svg.append(dot);
    packets.push({ dot, sinceMs: performance.now() });
  }
  nextHop = batch.endHop;
});

function frame(nowMs: number): void {
  let gone = 0;
  for (const { dot, sinceMs } of packets) {
    const part = (nowMs - sinceMs) / FLIGHT_MS;
    if (part >= 1) {
      dot.remove();
      gone++;
      continue;
    }
    const { x, y } = way.getPointAtLength(Math.max(0, part) * length);
    dot.setAttribute('cx', String(x));
    dot.setAttribute('cy', String(y));
  }
  packets.splice(0, gone);
  if (nextHop !== ackedHop && socket.readyState === WebSocket.OPEN) {
    ackedHop = nextHop;
    socket.send(JSON.stringify({ type: 'ack', hop: nextHop }));
  }
  Object.assign(window, { naiveInFlight: packets.length });
  requestAnimationFrame(frame);
}
requestAnimationFrame(frame);
