import { FILTER_JOINS, type FilterJoin, joinFilters } from '@hopscope/model';
import { useState } from 'react';
import type { Subject } from '../store/copies.ts';
import { traceCommand } from '../store/trace-command.ts';
import { copyText } from './copy-text.ts';
import { focusFilter } from './filter-box.tsx';
import { Menu, type MenuAnchor, MenuItem } from './menu.tsx';
import { subjectAt } from './menu-subject.ts';
import { type Page, usePage, usePageState } from './page.ts';
import { say } from './toast.tsx';

const JOIN_WORDS: Readonly<Record<FilterJoin, readonly [string, string]>> = {
  is: ['is', 'this alone'],
  'is-not': ['is not', 'all but this'],
  and: ['&&', 'and this'],
  'and-not': ['&& !', 'and not this'],
  or: ['||', 'or this'],
  'or-not': ['|| !', 'or not this'],
};

interface SubjectMenuProps {
  readonly element: Element;
  readonly anchor: MenuAnchor;
  readonly onClose: () => void;
}

/** What can be done with what the element stands for. */
export function SubjectMenu({ element, anchor, onClose }: SubjectMenuProps) {
  const page = usePage();
  const [subject] = useState(() => subjectAt(element, page));
  return (
    subject !== null && (
      <Menu label={`${subject.what} ${subject.title}`} anchor={anchor} onClose={onClose}>
        <SubjectItems subject={subject} />
      </Menu>
    )
  );
}

function SubjectItems({ subject }: { subject: Subject }) {
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
                () => say(`Copied as ${name}`),
                () => say('The browser gives this page no clipboard: open it on localhost'),
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
