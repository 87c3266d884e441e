/** YAML with a hand-written part: the part is merged over what is generated, with its comments. */
import { Document, isAlias, isMap, parseAllDocuments, parseDocument, visit, type Node, type Pair } from 'yaml';

export const yamlDocument = (content: unknown): Document => new Document(content, { aliasDuplicateObjects: false });

export const yamlText = (content: unknown): string =>
  (content instanceof Document ? content : yamlDocument(content)).toString({ lineWidth: 110 });

function resolveAliases(document: Document): void {
  visit(document, { Alias: (_, alias) => alias.resolve(document)?.clone() as Node });
  visit(document, {
    Node(_, node) {
      if (!isAlias(node)) delete node.anchor;
    },
  });
}

/** A hand-written document, whose aliases are replaced by what they name, so that its nodes can move to another one. */
export function parsePart(text: string): Document {
  const part = parseDocument(text);
  resolveAliases(part);
  return part;
}

export function parseParts(text: string): Document[] {
  const parts = parseAllDocuments(text) as Document[];
  for (const part of parts) resolveAliases(part);
  return parts;
}

/** Merges maps pair by pair; everything else of `over` replaces what `base` has. */
export function mergeInto(base: unknown, over: unknown): void {
  if (!isMap(base) || !isMap(over)) throw new Error('only maps can be merged');
  for (const pair of over.items as Pair<Node, Node>[]) {
    const known = (base.items as Pair<Node, Node>[]).find(({ key }) => String(key) === String(pair.key));
    if (known === undefined) base.items.push(pair);
    else if (isMap(known.value) && isMap(pair.value)) mergeInto(known.value, pair.value);
    else known.value = pair.value;
  }
}
