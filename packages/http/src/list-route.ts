/**
 * A list in pages: `{items, next_cursor}`. The cursor is the key of the last item of a page, so a page costs the same
 * wherever in the list it is, and items that are added meanwhile move nothing.
 */
import { z } from 'zod';
import { route, type Route } from './route.ts';

export interface PageRequest {
  /** Key of the last item of the page before. */
  readonly after: string | undefined;
  /** Most items, 1 to 100. */
  readonly limit: number;
}

export interface ListRouteSpec<
  Item extends { readonly _id: string },
  View extends z.ZodType,
  Filters extends z.ZodObject,
> {
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  /** Describes a page, and is the id of its schema in OpenAPI. */
  readonly page: { readonly id: string; readonly description: string };
  /** Schema of an item in the response. */
  readonly item: View;
  /** Schema of a key, and so of a cursor. */
  readonly key: z.ZodType<string>;
  /** Further query parameters. */
  readonly filters?: Filters;
  read(page: PageRequest, filters: z.output<Filters>): Promise<readonly Item[]>;
  view(item: Item): z.output<View>;
}

const maxLimit = 100;
const defaultLimit = 20;

export function listRoute<
  Item extends { readonly _id: string },
  View extends z.ZodType,
  Filters extends z.ZodObject = z.ZodObject<{}>,
>(spec: ListRouteSpec<Item, View, Filters>): Route {
  const { path, operationId, summary, page, item, key, filters } = spec;
  const query = z.object({
    limit: z.coerce.number().int().min(1).max(maxLimit).default(defaultLimit),
    cursor: key.optional().describe('next_cursor of the previous page.'),
    ...filters?.shape,
  });
  const schema = z.object({ items: z.array(item), next_cursor: z.string().nullable() }).meta({ id: page.id });
  return route({
    method: 'GET',
    path,
    operationId,
    summary,
    query: query as z.ZodObject,
    responses: { 200: { description: page.description, schema: schema as z.ZodType } },
    async handle({ query: { limit, cursor, ...rest } }) {
      const request = { after: cursor as string | undefined, limit: limit as number };
      const items = await spec.read(request, rest as z.output<Filters>);
      const next_cursor = items.length === request.limit ? items.at(-1)!._id : null;
      return { status: 200, body: { items: items.map((each) => spec.view(each)), next_cursor } };
    },
  });
}
