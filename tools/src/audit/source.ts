/** Something that the auditor goes through from its beginning to its end. */
export interface Source<Item> {
  readonly name: string;
  /** About how many items there are, for the progress bar. */
  total(): Promise<number>;
  scan(onPage: (page: readonly Item[]) => Promise<void>): Promise<void>;
  /** Suspected items as they are now; those that are gone are left out. */
  reload(items: readonly Item[]): Promise<readonly Item[]>;
}
