-- set
-- {"and":[{"tag":"interests","op":"hasAny","value":["x","z"]},{"not":{"tag":"interests","op":"hasAll","value":["x","y"]}}]}

-- By itself: mixed, because a leaf is read from columns

-- mixed
SELECT count(if(n0, 1, NULL)) AS c0
FROM (
SELECT t0.*,
  (b0 AND NOT ifnull(b1, false)) AS n0
FROM (
SELECT u.`sys_guid`,
  (arrays_overlap(p1.`interests`, ['x', 'z'])) AS b0,
  (array_contains_all(p1.`interests`, ['x', 'y'])) AS b1
FROM `sys_users` u
LEFT JOIN [colocate] `profile_1_customer` p1 ON p1.`sys_guid` = u.`sys_guid`
) t0
) t1;

-- bitmap
SELECT sum(bitmap_count(n0)) AS c0
FROM (
SELECT t0.*,
  bitmap_andnot(b0, b1) AS n0
FROM (
SELECT CAST(s.`sys_guid` DIV 4194304 AS INT) AS `sys_seg`,
  ifnull(bitmap_agg(s.`sys_guid`), bitmap_empty()) AS sys_all,
  ifnull(bitmap_agg(if(s.b0, s.`sys_guid`, NULL)), bitmap_empty()) AS b0,
  ifnull(bitmap_agg(if(s.b1, s.`sys_guid`, NULL)), bitmap_empty()) AS b1
FROM (
SELECT u.`sys_guid`,
  (arrays_overlap(p1.`interests`, ['x', 'z'])) AS b0,
  (array_contains_all(p1.`interests`, ['x', 'y'])) AS b1
FROM `sys_users` u
LEFT JOIN [colocate] `profile_1_customer` p1 ON p1.`sys_guid` = u.`sys_guid`
) s
GROUP BY CAST(s.`sys_guid` DIV 4194304 AS INT)
) t0
) t1;
