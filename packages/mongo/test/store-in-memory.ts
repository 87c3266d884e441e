/** A document store in memory, for tests: as in the database, a write takes effect only on the version that was read. */
import { changedFields, type DocumentStore, type Versioned } from '../src/versioned-documents.ts';

export interface StoreInMemory<Doc extends Versioned> extends DocumentStore<Doc> {
  readonly documents: Map<string, Doc>;
  /** Its calls, in order. */
  readonly calls: { readonly operation: 'load' | 'save'; readonly ids: readonly string[] }[];
  /** Runs before the next save, as another replica might: what it writes is a conflict for the save. */
  beforeSave(interfere: (documents: Map<string, Doc>) => void): void;
}

export function storeInMemory<Doc extends Versioned>(initial: readonly Doc[] = []): StoreInMemory<Doc> {
  const documents = new Map(initial.map((document) => [document._id, document]));
  const calls: StoreInMemory<Doc>['calls'] = [];
  const interferences: ((documents: Map<string, Doc>) => void)[] = [];
  return {
    documents,
    calls,
    beforeSave: (interfere) => void interferences.push(interfere),
    async load(ids) {
      calls.push({ operation: 'load', ids: [...ids] });
      return new Map(ids.flatMap((id) => (documents.has(id) ? [[id, documents.get(id)!] as const] : [])));
    },
    async save(changes) {
      calls.push({ operation: 'save', ids: changes.map(({ after }) => after._id) });
      interferences.shift()?.(documents);
      const conflicts = new Set<string>();
      for (const { before, after } of changes) {
        const stored = documents.get(after._id);
        if ((stored?.version ?? 0) !== after.version) conflicts.add(after._id);
        else
          documents.set(after._id, {
            ...stored,
            _id: after._id,
            ...changedFields(before, after),
            version: after.version + 1,
          } as Doc);
      }
      return conflicts;
    },
  };
}
