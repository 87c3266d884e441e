/** Something that the auditor reads from beginning to end, page by page. */
export interface Source<Item> {
  /** For people, such as `dead letters`. */
  readonly name: string;
  /** About how many items there are, for the progress bar. */
  total(): Promise<number>;
  scan(onPage: (page: readonly Item[]) => Promise<void>): Promise<void>;
  /** These items as they are now, without those that have been deleted since. */
  reload(items: readonly Item[]): Promise<readonly Item[]>;
}

/** Items of a page, and so the ids that one query for related documents asks for. */
export const pageSize = 1_000;
