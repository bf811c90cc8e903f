import { useEffect, useRef } from 'react';
import { usePage, usePageState } from './page.ts';

const PAN_STEP = 60;

/** The place where render/ draws; React only makes the element. */
export function MapView() {
  const { scene } = usePage();
  const element = useRef<HTMLDivElement>(null);
  const isAway = usePageState((state) => state.connection.state !== 'live');

  useEffect(() => (element.current === null ? undefined : scene.mount(element.current)), [scene]);

  useEffect(() => {
    const target = element.current;
    if (target === null) return;
    const moves: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => scene.panBy(PAN_STEP, 0),
      ArrowRight: () => scene.panBy(-PAN_STEP, 0),
      ArrowUp: () => scene.panBy(0, PAN_STEP),
      ArrowDown: () => scene.panBy(0, -PAN_STEP),
    };
    const onKey = (event: KeyboardEvent): void => {
      const move = moves[event.key];
      if (move === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      move();
    };
    target.addEventListener('keydown', onKey);
    return () => target.removeEventListener('keydown', onKey);
  }, [scene]);

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the map is panned with the arrow keys once it has the focus
    <section
      className={`map-view ${isAway ? 'is-away' : ''}`}
      ref={element}
      tabIndex={0}
      aria-label="Map, pan with the arrow keys"
    />
  );
}
