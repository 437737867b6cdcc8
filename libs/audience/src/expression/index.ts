export * from './expression';
export * from './limits';
export { bindExpression, checkImpliedCondition, noReferences } from './bind-expression';
export type { BindContext } from './bind-expression';
export { canonicalExpression, hashExpression } from './canonical-expression';
export { describeExpression } from './describe-expression';
export { expressionSchema } from './expression-schema';
export { checkTimeZone } from './check-time-zone';
export { measureSpec } from './measure-spec';
