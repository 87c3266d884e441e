/** Paths of requests to the API server. Each segment is validated and encoded here, and KubeApi accepts no other path. */

declare const isKubePath: unique symbol;
export type KubePath = string & { readonly [isKubePath]: true };

export interface Collection {
  /** `v1` for the core group. */
  readonly groupVersion: string;
  /** The plural. */
  readonly resource: string;
  /** Undefined: all namespaces. */
  readonly namespace?: string | undefined;
}

export class InvalidNameError extends Error {
  override readonly name = 'InvalidNameError';
}

/** A DNS subdomain of RFC 1123, as the API server requires of names. The CRD has the same patterns and limit. */
export const namePattern = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$';
/** A key in a Secret's data. */
export const secretKeyPattern = '^[-._a-zA-Z0-9]+$';
export const maxNameLength = 253;

export const isName = matcher(namePattern);
export const isSecretKey = matcher(secretKeyPattern);

/** Throws InvalidNameError, as objectPath does, when a segment is not a valid name. */
export function collectionPath({ groupVersion, resource, namespace }: Collection): KubePath {
  const root = groupVersion.includes('/') ? 'apis' : 'api';
  const scope = namespace === undefined ? [] : ['namespaces', namespace];
  return join([root, ...groupVersion.split('/'), ...scope, resource]);
}

export function objectPath(
  collection: Collection & { readonly namespace: string },
  name: string,
  subresource?: 'scale' | 'status',
): KubePath {
  const path = `${collectionPath(collection)}${join([name])}`;
  return (subresource === undefined ? path : `${path}${join([subresource])}`) as KubePath;
}

function matcher(pattern: string): (text: unknown) => text is string {
  const expression = new RegExp(pattern, 'u');
  return (text): text is string => typeof text === 'string' && text.length <= maxNameLength && expression.test(text);
}

/** No valid name has a character that needs encoding; it is encoded in case the pattern is ever relaxed. */
function join(segments: readonly string[]): KubePath {
  return segments.map((segment) => `/${encode(segment)}`).join('') as KubePath;
}

function encode(segment: string): string {
  if (isName(segment)) return encodeURIComponent(segment);
  throw new InvalidNameError(
    `${JSON.stringify(segment)?.slice(0, 100)} is not a valid name in a path of the API server`,
  );
}
