// The style sheet of the map, as text.

import map from '../ui/styles/map.css?raw';
import boxes from '../ui/styles/map-boxes.css?raw';
import devices from '../ui/styles/map-devices.css?raw';
import path from '../ui/styles/map-path.css?raw';
import wires from '../ui/styles/map-wires.css?raw';
import tokens from '../ui/styles/tokens.css?raw';

/** In the order of ui/styles/index.css. */
export const MAP_STYLES = [tokens, map, boxes, wires, devices, path].join('\n');
