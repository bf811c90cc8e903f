import { useEffect, useRef } from 'react';
import { usePage } from './page.ts';

/** Often enough to keep step with the dot. */
const LOOK_MS = 120;

/**
 * What the packet passes just now, in words, in step with its dot: of the selected exchange, else of one that is in flight. Written into
 * the page directly: no packet makes React render.
 */
export function TeachingCaption() {
  const { scene, store } = usePage();
  const title = useRef<HTMLElement>(null);
  const text = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    let shown = '';
    const timer = setInterval(() => {
      const lesson = scene.lesson(store.getState().names.namespace);
      if (lesson === null || lesson.key === shown || title.current === null || text.current === null) return;
      shown = lesson.key;
      title.current.textContent = lesson.title;
      text.current.textContent = lesson.text;
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [scene, store]);
  return (
    <section className="caption" aria-label="What the packet passes">
      <b ref={title}>Follow a packet</b>{' '}
      <span ref={text}>
        As soon as one is under way, this line says what it passes. Select an exchange to follow that one.
      </span>
    </section>
  );
}
