/** HTTP for every service: described routes, middleware, problem details, OpenAPI. */
export { createApp, type AppOptions } from './app.ts';
export { httpComponent, startHttp, type HttpOptions, type HttpServer } from './http-server.ts';
export { listRoute, type ListRouteSpec, type PageRequest } from './list-route.ts';
export { linkTrace } from './middleware.ts';
export { openApiDocument, problemSchema } from './openapi.ts';
export { operatorToken, requireOperator } from './operator-token.ts';
export {
  badRequest,
  conflict,
  forbidden,
  HttpProblem,
  isHttpProblem,
  notFound,
  unauthorized,
  unavailable,
  unprocessable,
  type Fault,
  type ProblemOptions,
} from './problem.ts';
export { route, type Reply, type ResponseSpec, type Route } from './route.ts';
