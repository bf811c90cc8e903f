// The display filter: which exchanges are shown. The language is described in docs/filter.md.
export { type Completion, completeFilter } from './filter/complete.ts';
export { FIELDS as FILTER_FIELDS, type FieldType as FilterFieldType, type FilterSubject } from './filter/fields.ts';
export { type DisplayFilter, type ParsedFilter, parseFilter } from './filter/parse.ts';
export { type SubjectNames, subjectNames } from './filter/subject-names.ts';
export type { FilterError } from './filter/tokens.ts';
export { FILTER_JOINS, type FilterJoin, joinFilters, writeExchangeTest, writeTest } from './filter/write.ts';
