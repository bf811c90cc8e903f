import { useEffect, useRef } from 'react';
import { usePage, usePageState } from './page.ts';

/** The place where render/ draws; React only makes the element. */
export function MapView() {
  const { scene } = usePage();
  const element = useRef<HTMLDivElement>(null);
  const isAway = usePageState((state) => state.connection.state !== 'live' && state.recording === null);
  useEffect(() => (element.current === null ? undefined : scene.mount(element.current)), [scene]);
  return <div className={`map-view ${isAway ? 'is-away' : ''}`} ref={element} />;
}
