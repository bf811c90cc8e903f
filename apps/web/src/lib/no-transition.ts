// Stands in for d3-transition, which d3-zoom would bring along with d3-timer, d3-ease, d3-color and most of d3-interpolate: this page has
// one frame loop, and its camera animates there. What is left of it for d3-zoom is that nothing is ever under way.
import { selection } from 'd3-selection';

selection.prototype.interrupt = function interrupted(this: unknown) {
  return this;
};

export function interrupt(): void {}
