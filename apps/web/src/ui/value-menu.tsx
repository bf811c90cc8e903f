import { FILTER_JOINS, type FilterJoin, joinFilters } from '@hopscope/model';
import { useEffect, useState } from 'react';
import type { Subject } from '../store/copies.ts';
import { traceCommand } from '../store/trace-command.ts';
import { copyText } from './copy-text.ts';
import { focusFilter } from './filter-box.tsx';
import { Menu, type MenuAnchor, MenuItem } from './menu.tsx';
import { subjectAt } from './menu-subject.ts';
import { type Page, usePage, usePageState } from './page.ts';

interface Opened {
  readonly subject: Subject;
  readonly anchor: MenuAnchor;
}

/** The menu of every value on the page: right click, Shift+F10 or the menu key on it, or a click on its button. */
export function ValueMenu() {
  const page = usePage();
  const [opened, setOpened] = useState<Opened | null>(null);
  const [said, setSaid] = useState('');

  useEffect(() => {
    function open(event: MouseEvent, element: Element): void {
      const subject = subjectAt(element, page);
      if (subject === null) return;
      event.preventDefault();
      const box = element.getBoundingClientRect();
      const isPointed = event.button === 2;
      const { clientX: left, clientY: top } = event;
      setOpened({
        subject,
        anchor: isPointed ? { left, top, bottom: top } : { left: box.left, top: box.top, bottom: box.bottom },
      });
    }
    const onMenu = (event: MouseEvent): void => {
      // The browser's own menu stays where text is written, and with Shift everywhere.
      if (
        !(event.target instanceof Element) ||
        (event.shiftKey && event.button === 2) ||
        event.target.closest('input, [role="menu"]') !== null
      )
        return;
      open(event, event.target);
    };
    const onClick = (event: MouseEvent): void => {
      const button = event.target instanceof Element ? event.target.closest('[data-menu]') : null;
      if (button !== null) open(event, button);
    };
    document.addEventListener('contextmenu', onMenu);
    document.addEventListener('click', onClick);
    return () => {
      document.removeEventListener('contextmenu', onMenu);
      document.removeEventListener('click', onClick);
    };
  }, [page]);

  useEffect(() => {
    if (said === '') return;
    const timer = setTimeout(() => setSaid(''), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);

  return (
    <>
      {opened !== null && (
        <Menu
          label={`${opened.subject.what} ${opened.subject.title}`}
          anchor={opened.anchor}
          onClose={() => setOpened(null)}
        >
          <SubjectItems subject={opened.subject} onSaid={setSaid} />
        </Menu>
      )}
      <output className={`toast ${said === '' ? '' : 'is-shown'}`} aria-live="polite">
        {said}
      </output>
    </>
  );
}

const SAID_MS = 2500;

const JOIN_WORDS: Readonly<Record<FilterJoin, readonly [string, string]>> = {
  is: ['is', 'this alone'],
  'is-not': ['is not', 'all but this'],
  and: ['&&', 'and this'],
  'and-not': ['&& !', 'and not this'],
  or: ['||', 'or this'],
  'or-not': ['|| !', 'or not this'],
};

function SubjectItems({ subject, onSaid }: { subject: Subject; onSaid: (text: string) => void }) {
  const page = usePage();
  const filter = usePageState((state) => state.filter);
  const joins = filter === '' ? FILTER_JOINS.slice(0, 2) : FILTER_JOINS;
  const copies = copiesOf(subject, page);
  return (
    <>
      <p className="menu-title" title={subject.test}>
        <code>{subject.title}</code> <span>{subject.what}</span>
      </p>
      <fieldset className="menu-group">
        <legend>Apply as filter</legend>
        {joins.map((join) => (
          <MenuItem
            key={join}
            label={`Apply as filter: ${JOIN_WORDS[join][1]}`}
            title={joinFilters(filter, join, subject.test)}
            onChoose={() => page.actions.applyFilter(joinFilters(filter, join, subject.test))}
          >
            {JOIN_WORDS[join][0]}
          </MenuItem>
        ))}
      </fieldset>
      <fieldset className="menu-group">
        <legend>Prepare as filter</legend>
        {joins.map((join) => (
          <MenuItem
            key={join}
            label={`Prepare as filter: ${JOIN_WORDS[join][1]}`}
            title={joinFilters(filter, join, subject.test)}
            onChoose={() => {
              page.actions.prepareFilter(joinFilters(filter, join, subject.test));
              focusFilter();
            }}
          >
            {JOIN_WORDS[join][0]}
          </MenuItem>
        ))}
      </fieldset>
      <fieldset className="menu-group menu-copies">
        <legend>Copy as</legend>
        {copies.map(({ name, text }) => (
          <MenuItem
            key={name}
            label={`Copy as ${name}`}
            onChoose={() => {
              copyText(text()).then(
                () => onSaid(`Copied as ${name}`),
                () => onSaid('The browser gives this page no clipboard: open it on localhost'),
              );
            }}
          >
            {name}
          </MenuItem>
        ))}
      </fieldset>
    </>
  );
}

interface CopyForm {
  readonly name: string;
  text(): string;
}

function copiesOf(subject: Subject, { store, address }: Page): CopyForm[] {
  const { hello, hasData } = store.getState();
  const watched = { isLab: hello?.lab ?? false, isRecording: hello?.recording !== undefined, hasData };
  return [
    { name: 'text', text: subject.text },
    { name: 'Markdown table', text: subject.markdown },
    { name: 'JSON', text: subject.json },
    { name: 'filter', text: () => subject.test },
    {
      name: 'link',
      text: () => address.linkTo(subject.exchange === null ? { filter: subject.test } : { exchange: subject.exchange }),
    },
    { name: 'hopscope trace command', text: () => traceCommand(subject.test, watched) },
  ];
}
