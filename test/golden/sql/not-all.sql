-- not-all
-- {"not":{"all":true}}

-- By itself: mixed, because there is no leaf

-- mixed

-- bitmap
