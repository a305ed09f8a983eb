-- The sandbox's index. Times are ISO 8601 in UTC; options and lists are JSON.

create table if not exists job (
    number          integer primary key autoincrement,
    type            text not null default 'UploadPost',
    name            text not null,              -- as sent: originalName
    run_name        text,                       -- of a submitted job: with its time added
    handle          text not null unique,
    locale          text,
    description     text not null,
    options         text not null,              -- UploadPostJob as read, fixed at the first POST; or the submitted job
    client          text not null,              -- appName and appVersion of the first POST
    peer            text not null,              -- source address of the first POST
    same_name       text not null,              -- handles of earlier jobs with this name
    opened_at       text not null,
    last_post_at    text not null,
    run_at          text,                       -- endJob or time-out
    ended_at        text,
    is_timed_out    integer not null default 0,
    bytes_total     integer not null default 0
);
create index if not exists job_name on job (name);
create index if not exists job_unfinished on job (number) where ended_at is null;

create table if not exists post (
    job             integer not null references job (number),
    position        integer not null,
    at              text not null,
    peer            text not null,              -- address:port
    end_job         integer not null,
    is_overlapped   integer not null,           -- another POST of this job was under way
    files           text not null,              -- target names
    primary key (job, position)
) without rowid;

create table if not exists received (           -- files posted, in their order
    job             integer not null references job (number),
    position        integer not null,
    folder          text not null,
    file_name       text not null,
    asset_name      text not null,
    size_bytes      integer not null,
    sha256          text not null,
    problem         text,                       -- why the content cannot be ingested
    content         text not null,              -- name below incoming/
    is_done         integer not null default 0,
    primary key (job, position)
) without rowid;

create index if not exists received_name on received (job, asset_name);

create table if not exists log (
    number          integer primary key autoincrement,
    job             integer not null references job (number),
    log_type        text not null,
    message         text not null,
    at              text not null,
    asset_name      text,
    asset_type      text,
    asset_handle    text,
    aux             text not null default '[]'  -- [[log type, message], ...]
);
create index if not exists log_job on log (job, number);

create table if not exists asset (
    number          integer primary key autoincrement,
    name            text not null unique,       -- the asset ID, company-wide and case-sensitive
    type            text not null,
    folder          text not null,
    file_name       text not null,
    size_bytes      integer not null,
    sha256          text not null,              -- "" for what was read from a directory only: layers, archives
    versions        integer not null,
    is_ready        integer not null,           -- readyForPublish
    job             integer not null references job (number),   -- the last one that wrote it
    created_at      text not null,
    modified_at     text not null,
    trashed_at      text,                       -- deleted; its name stays taken for a while
    published_at    text,
    published_sha256 text                       -- what was published then, which may be an earlier version
);
create index if not exists asset_folder on asset (folder);

create table if not exists asset_project (      -- which projects an asset is in, by handle
    asset           integer not null references asset (number),
    project         text not null,
    primary key (asset, project)
) without rowid;

create view if not exists live_asset as select * from asset where trashed_at is null;   -- what callers get to see
