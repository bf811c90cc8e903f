import { FoldVertical, Maximize, Minus, Plus, RotateCcw, UnfoldVertical } from 'lucide-react';
import { MapSearch } from './map-search.tsx';
import { type Page, usePage, usePageState } from './page.ts';

export const ZOOM_STEP = 1.3;

export function MapTools() {
  const page = usePage();
  const { scene, mapKeeper } = page;
  const hasFolded = usePageState((state) => state.folded.length > 0);
  return (
    <div className="map-tools" role="toolbar" aria-label="Search and zoom">
      <MapSearch />
      <button
        type="button"
        onClick={() => foldOrUnfold(page)}
        title={hasFolded ? 'Unfold all namespaces (I)' : 'Fold idle namespaces: no packet for a minute (I)'}
        aria-label={hasFolded ? 'Unfold all namespaces' : 'Fold idle namespaces'}
        aria-pressed={hasFolded}
      >
        {hasFolded ? <UnfoldVertical size={15} /> : <FoldVertical size={15} />}
      </button>
      <button type="button" onClick={() => scene.zoomBy(ZOOM_STEP)} title="Zoom in (+)" aria-label="Zoom in">
        <Plus size={16} />
      </button>
      <button type="button" onClick={() => scene.zoomBy(1 / ZOOM_STEP)} title="Zoom out (-)" aria-label="Zoom out">
        <Minus size={16} />
      </button>
      <button type="button" onClick={() => scene.fit()} title="Show everything (f)" aria-label="Show everything">
        <Maximize size={15} />
      </button>
      <button type="button" onClick={mapKeeper.unpin} title="Put moved boxes back" aria-label="Reset places">
        <RotateCcw size={14} />
      </button>
    </div>
  );
}

/** Puts away all that no packet used lately; what is put away comes back. */
export function foldOrUnfold({ mapKeeper, store, actions }: Page): void {
  if (store.getState().folded.length > 0) mapKeeper.unfoldAll();
  else if (mapKeeper.foldIdle() === 0) {
    actions.notice({
      type: 'notice',
      level: 'info',
      text: 'No namespace is idle: a packet used each in the last minute.',
    });
  }
}
