import { readBounds, reportLowAboveHigh } from './bind-operand';
import type { OperandRequest } from './bind-operand';
import type { BindingScope, GivenValue } from './binding-scope';
import type { Operand } from './expression';
import { AVERAGE_SCALE_MAX } from './limits';
import { parseExactNumber, rescaleExact } from './parse-exact-number';
import type { ExactNumber } from './parse-exact-number';
import { showJson } from './show-json';

/**
 * Reads the threshold of a sum (digits as the property has, size unbounded) or an average (at most 9 fraction digits);
 * null after reporting what is wrong with it.
 */
export function bindExactOperand(scope: BindingScope, request: OperandRequest, measure: 'sum' | 'avg'): Operand | null {
  if (request.json === undefined) {
    return scope.report(request.path, 'missingKey', `Operator ${request.op} needs a "value".`);
  }
  const given = scope.give(request.json, request.path);
  if (given === null) return null;
  const scaleMax = measure === 'avg' ? AVERAGE_SCALE_MAX : request.spec.scale;
  if (request.op !== 'between') {
    const value = readThreshold(scope, given, measure, scaleMax);
    return value === null ? null : { kind: 'exact', scale: value.scale, low: value.digits, high: value.digits };
  }
  const bounds = readBounds(scope, given);
  if (bounds === null) return null;
  const low = readThreshold(scope, bounds[0], measure, scaleMax);
  const high = readThreshold(scope, bounds[1], measure, scaleMax);
  if (low === null || high === null) return null;
  const scale = Math.max(low.scale, high.scale);
  const operand = { kind: 'exact', scale, low: rescaleExact(low, scale), high: rescaleExact(high, scale) } as const;
  return operand.low > operand.high ? reportLowAboveHigh(scope, given) : operand;
}

function readThreshold(
  scope: BindingScope,
  given: GivenValue,
  measure: 'sum' | 'avg',
  scaleMax: number,
): ExactNumber | null {
  const { json } = given;
  if (typeof json !== 'number') {
    return scope.reportValue(given, 'wrongType', `${measure} is compared with a number, not ${showJson(json)}.`);
  }
  if (!Number.isFinite(json)) {
    return scope.reportValue(given, 'invalidNumber', `${measure} is compared with a finite number, not ${json}.`);
  }
  const value = parseExactNumber(json);
  if (value.scale <= scaleMax) return value;
  return scope.reportValue(
    given,
    'tooManyDigits',
    `${json} has ${value.scale} fraction digits; a threshold of ${measure} has at most ${scaleMax} here. Round it.`,
  );
}
