-- HQ's tables and those of the people side, apart. Made at the first start of an empty volume.
CREATE DATABASE hq;
CREATE DATABASE district;
