export { explainMembership, FLIP_INSTANTS_MAX, FLIP_WORK_MAX } from './explain-membership';
export type { ExplainRequest, PlanBuilder } from './explain-membership';
export { isMember } from './is-member';
export { allWants, needsTagsOnly, wantsOfExpression, wantsOfPlan } from './user-wants';
export type {
  ChangedLeaf,
  ExplainedNode,
  LeafChange,
  MembershipExplanation,
  MissingReason,
} from './membership-explanation';
