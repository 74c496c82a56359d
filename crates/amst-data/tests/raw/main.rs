//! From raw files, as the owners of the paper's data sets lay them out, to samples: replicas of
//! each.

mod ave;
mod crema_d;
mod descriptors;
mod iemocap;
mod made;
mod mvsa;
mod published_features;
#[path = "../replica/mod.rs"]
mod replica;
mod ur_funny;
