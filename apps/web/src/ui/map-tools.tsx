import { Maximize, Minus, Plus, RotateCcw } from 'lucide-react';
import { MapSearch } from './map-search.tsx';
import { usePage } from './page.ts';

export const ZOOM_STEP = 1.3;

export function MapTools() {
  const { scene, resetPlaces } = usePage();
  return (
    <div className="map-tools" role="toolbar" aria-label="Search and zoom">
      <MapSearch />
      <button type="button" onClick={() => scene.zoomBy(ZOOM_STEP)} title="Zoom in (+)" aria-label="Zoom in">
        <Plus size={16} />
      </button>
      <button type="button" onClick={() => scene.zoomBy(1 / ZOOM_STEP)} title="Zoom out (-)" aria-label="Zoom out">
        <Minus size={16} />
      </button>
      <button type="button" onClick={() => scene.fit()} title="Show everything (f)" aria-label="Show everything">
        <Maximize size={15} />
      </button>
      <button type="button" onClick={resetPlaces} title="Put moved boxes back" aria-label="Reset places">
        <RotateCcw size={14} />
      </button>
    </div>
  );
}
