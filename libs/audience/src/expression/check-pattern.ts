import { RE2JS } from 're2js';
import type { BindingScope, GivenValue } from './binding-scope';
import { PATTERN_INSTRUCTIONS_MAX, PATTERN_LENGTH_MAX } from './limits';
import { isWellFormed } from '@tessera/tag-catalog';
import { showJson } from './show-json';

/** Checks a pattern of `matches`: RE2 syntax. Returns it, or null after reporting what is wrong with it. */
export function checkPattern(scope: BindingScope, given: GivenValue): string | null {
  const pattern = given.json;
  if (typeof pattern !== 'string') {
    return scope.reportValue(given, 'wrongType', `matches takes a pattern as a string, not ${showJson(pattern)}.`);
  }
  if (pattern.length > PATTERN_LENGTH_MAX) {
    return scope.reportValue(
      given,
      'tooLong',
      `The pattern has ${pattern.length} characters; at most ${PATTERN_LENGTH_MAX} are allowed. For many words use "in".`,
    );
  }
  if (!isWellFormed(pattern)) {
    return scope.reportValue(
      given,
      'illFormed',
      `${showJson(pattern)} holds half of a surrogate pair and can match nothing.`,
    );
  }
  if (scope.state.patterns.has(pattern)) return pattern;
  try {
    scope.state.patternInstructions += RE2JS.compile(pattern).programSize();
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it does not compile';
    return scope.reportValue(
      given,
      'invalidPattern',
      `${showJson(pattern)} is no pattern in RE2 syntax (no look-around, no back-references): ${reason}.`,
    );
  }
  if (scope.state.patternInstructions > PATTERN_INSTRUCTIONS_MAX) {
    scope.state.stop();
    return scope.reportValue(
      given,
      'patternTooComplex',
      `The patterns of this expression are too large together (more than ${PATTERN_INSTRUCTIONS_MAX} instructions); use fewer, or smaller repeat counts.`,
    );
  }
  scope.state.patterns.add(pattern);
  return pattern;
}
